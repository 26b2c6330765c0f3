--- `t:aggregate(...)`: one row for each group, or one row in all.
--
--     t:group_by("level"):aggregate("n = count()", "chinese = sum(students where domicile == 'China')")
--     t:aggregate("share = 100 * sum(a) / sum(b)", { by = { "year", "level" } })
--     t:aggregate("n = sum(students where country == $c)", { c = "India" })
--
-- Groups come in the order in which they first appear, or in the declared order of their column; missing is a
-- group. Rows marked as totals are left out of each aggregate that does not itself speak of is_total:
--
--     t:aggregate("parts = sum(Total)", "printed = sum(Total where is_total)")

local aggregation = require "tally.aggregation"
local check = require "tally.check"
local error_ = require "tally.error"
local options_ = require "tally.options"

-- The option `by`; the other fields are values for $names.
local function keys_and_params(node, options)
  local params = {}
  for name, value in pairs(options or {}) do
    if name ~= "by" then params[name] = value end
  end
  return options_.groups("aggregate", node, options or {}), params
end

return function(node, ...)
  local texts, options = options_.split(...)
  if texts.n == 0 then error_.throw("shape", "aggregate needs a formula, as in \"n = count()\"") end
  local formulas = check.parse_all(texts, "aggregate", true)
  return aggregation.plan(node, formulas, keys_and_params(node, options))
end
