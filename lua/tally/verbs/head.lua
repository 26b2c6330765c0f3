--- `t:head(n)`: the first n rows (10), of each group when the table is grouped.

local options_ = require "tally.options"
local steps = require "tally.steps"

return function(node, n)
  n = options_.need_count("head", n or 10, 0)
  return steps.slice(node, 1, n, node.schema.groups)
end
