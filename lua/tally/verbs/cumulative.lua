--- `t:cumulative "students"`: the running sum, in the order of the rows, in a new column `students_cumulative`;
-- within the groups of group_by, or of `by`. `percent = true` gives it as a percentage of the whole sum. Rows
-- marked as totals have none.

local options_ = require "tally.options"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

return function(node, name, options)
  options = options_.check("cumulative", options, { as = "string", percent = "boolean", by = "names" })
  schema_.need_numeric(node.schema, name, "cumulative")
  local by = options_.groups("cumulative", node, options)
  local as = options.as or name .. (options.percent and "_cumulative_percent" or "_cumulative")
  local result, leaves = steps.leaf_values(node, name)
  local running, base
  result, running = steps.window_hidden(result, "running sum of " .. name, "cumulative_sum", leaves, by)
  local value = steps.column(running)
  if options.percent then
    result, base = steps.window_hidden(result, "sum of " .. name, "sum", leaves, by)
    value = steps.call("percent", value, steps.column(base))
  end
  result = steps.derive(result, as, value, ("running sum of '%s'%s"):format(name, options.percent and " in percent"
    or ""), false)
  return steps.only(result, node.schema, as)
end
