--- `t:drop("note", "source")`: all columns but these, one by one or as one list. `t:drop "is_total"` takes the
-- marks off.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

return function(node, ...)
  local dropped, kept = {}, {}
  for _, name in ipairs(schema_.need_all(node.schema, options_.names(...), "drop")) do dropped[name] = true end
  for _, name in ipairs(node.schema.groups) do
    if dropped[name] then
      error_.throw("name", ("column '%s' groups the table: end the grouping with group_by() before you drop it")
        :format(name))
    end
  end
  for _, name in ipairs(schema_.names(node.schema)) do
    if not dropped[name] then kept[#kept + 1] = name end
  end
  local result = plan.select(node, kept)
  return dropped[schema_.MARKS] and plan.unmark(result) or result
end
