--- `t:tail(n)`: the last n rows (10), of each group when the table is grouped.

local options_ = require "tally.options"
local steps = require "tally.steps"

return function(node, n)
  n = options_.need_count("tail", n or 10, 0)
  if n == 0 then return steps.slice(node, 1, 0, node.schema.groups) end
  return steps.slice(node, -n, -1, node.schema.groups)
end
