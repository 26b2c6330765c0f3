--- `t:rank "students"`: the place of each row, 1 for the largest, in a new column `students_rank`; within the groups
-- of group_by, or of `by`. Equal values share the better place; with `dense = true` no place is left out after
-- them. `ascending = true` counts from the smallest. Missing values and rows marked as totals have no place.

local options_ = require "tally.options"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

-- What descends where the column ascends; -1 - n fits 64 bits for every integer n.
local function turned(column, name)
  if column.type == "integer" then return steps.call("-", steps.value(-1), steps.column(name)) end
  return steps.call("neg", steps.column(name))
end

return function(node, name, options)
  options = options_.check("rank", options, { as = "string", by = "names", dense = "boolean", ascending = "boolean" })
  local column = schema_.need_numeric(node.schema, name, "rank")
  local by = options_.groups("rank", node, options)
  local as = options.as or name .. "_rank"
  local result, values = steps.leaf_values(node, name)
  if options.ascending then
    result, values = steps.derive_hidden(result, "minus " .. name, turned(column, values))
  end
  local place
  result, place = steps.window_hidden(result, "rank of " .. name, options.dense and "dense_rank" or "rank", values, by)
  result = steps.derive(result, as, steps.column(place), ("rank of '%s'"):format(name), false)
  return steps.only(result, node.schema, as)
end
