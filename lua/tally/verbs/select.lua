--- `t:select("year", "n")`: these columns, in this order. Names are given as they stand, without backticks,
-- one by one or as one list.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

return function(node, ...)
  local names = schema_.need_all(node.schema, options_.names(...), "select")
  if #names == 0 then error_.throw("shape", "select needs the name of a column") end
  local kept = {}
  for i, name in ipairs(names) do
    if name == schema_.MARKS then table.remove(names, i) end
    kept[name] = true
  end
  for _, name in ipairs(node.schema.groups) do
    if not kept[name] then
      error_.throw("name", ("column '%s' groups the table: select it too, or end the grouping with group_by()")
        :format(name))
    end
  end
  return plan.select(node, names)
end
