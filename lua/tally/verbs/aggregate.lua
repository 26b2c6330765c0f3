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
local plan = require "tally.plan"
local schema_ = require "tally.schema"

-- The option `by`; the other fields are values for $names.
local function keys_and_params(node, options)
  local params = {}
  for name, value in pairs(options or {}) do
    if name ~= "by" then params[name] = value end
  end
  return options_.groups("aggregate", node, options or {}), params
end

local function text_of(formulas)
  local texts = {}
  for i, parsed in ipairs(formulas) do texts[i] = parsed.source end
  return table.concat(texts, ", ")
end

return function(node, ...)
  local texts, options = options_.split(...)
  if texts.n == 0 then error_.throw("shape", "aggregate needs a formula, as in \"n = count()\"") end
  local formulas = check.parse_all(texts, "aggregate", true)
  local keys, params = keys_and_params(node, options)
  local split = aggregation.split(formulas, node.schema, keys, params)
  local names, decides = {}, split.mentions_total
  for _, name in ipairs(keys) do
    decides = decides or name == schema_.MARKS
    if name ~= schema_.MARKS then names[#names + 1] = name end
  end
  for _, name in ipairs(split.names) do names[#names + 1] = name end
  local result = plan.aggregate(decides and node or plan.leaves(node), keys, split.aggregates, split.computed,
    text_of(formulas))
  for _, derived in ipairs(split.derives) do result = plan.derive(result, derived.column, derived.value,
    derived.text) end
  return #split.derives > 0 and plan.select(result, names) or result
end
