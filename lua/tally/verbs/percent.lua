--- `t:percent "students"`: each value as a percentage of the sum of its column, in a new column `students_percent`.
--
--     of   "total" (of the whole table), or the columns within which the percentages add up to 100: { "year",
--     "level" };
--          unless given: the groups of group_by
--     as   the name of the new column
--
-- Rows marked as totals get their percentage, but are never part of the sum.

local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local function base_groups(node, of)
  if of == nil then return node.schema.groups end
  if of == "total" then return {} end
  return schema_.need_all(node.schema, of, "percent")
end

return function(node, name, options)
  options = options_.check("percent", options, { of = "names", as = "string" })
  schema_.need_numeric(node.schema, name, "percent")
  local by = base_groups(node, options.of)
  local as = options.as or name .. "_percent"
  local result, leaves = steps.leaf_values(node, name)
  local base
  result, base = steps.window_hidden(result, "sum of " .. name, "sum", leaves, by)
  result = steps.derive(result, as, steps.call("percent", steps.column(name), steps.column(base)),
    ("'%s' in percent of its sum%s"):format(name, #by > 0 and " within each " .. plan.listed(by) or ""), false)
  return steps.only(result, node.schema, as)
end
