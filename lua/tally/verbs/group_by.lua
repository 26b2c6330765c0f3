--- `t:group_by("year", "level")`: the verbs that come after work within each combination of these columns:
-- aggregate, count, percent, cumulative, rank, change, top, totals, head, tail and slice. Without names the table
-- is not grouped any more.

local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

return function(node, ...)
  return plan.group(node, schema_.need_all(node.schema, options_.names(...), "group_by"))
end
