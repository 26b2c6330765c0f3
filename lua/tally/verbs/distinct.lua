--- `t:distinct("level", "domicile")`: the first row of each combination of these columns; without names, of all
-- columns. A row marked as a total never stands for one that is not. For the combinations alone, select the columns
-- first.

local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

return function(node, ...)
  local names = schema_.need_all(node.schema, options_.names(...), "distinct")
  return plan.distinct(node, #names > 0 and names or schema_.names(node.schema))
end
