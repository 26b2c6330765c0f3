--- `t:count("level", "domicile")`: how many rows of each combination there are, in a column `n`.
--
--     t:count("level", { weight = "students", as = "students" })    adds up a column instead
--
-- Without names: of each group, or of the table.

local aggregation = require "tally.aggregation"
local options_ = require "tally.options"
local schema_ = require "tally.schema"

local function quoted(name)
  return "`" .. name:gsub("`", "``") .. "`"
end

-- "`n` = count()", parsed: what is as simple as this needs no grammar.
local function formula_of(name, func, column)
  local target, start = quoted(name) .. " = ", #quoted(name) + 4
  local argument = column and { tag = "name", name = column, at = start + #func + 1 }
  return { name = name, start = start, source = ("%s%s(%s)"):format(target, func, column and quoted(column) or ""),
    tree = { tag = "call", func = func, at = start, argument } }
end

return function(node, ...)
  local names, options = options_.split(...)
  options = options_.check("count", options, { as = "string", weight = "string" })
  local keys = names.n > 0 and schema_.need_all(node.schema, names, "count") or node.schema.groups
  local weight = options.weight
  if weight then schema_.need_numeric(node.schema, weight, "count's weight") end
  local formula = formula_of(options.as or "n", weight and "sum" or "count", weight)
  return aggregation.plan(node, { formula }, keys)
end
