--- `t:count("level", "domicile")`: how many rows of each combination there are, in a column `n`.
--
--     t:count("level", { weight = "students", as = "students" })    adds up a column instead
--
-- Without names: of each group, or of the table.

local aggregate = require "tally.verbs.aggregate"
local options_ = require "tally.options"
local schema_ = require "tally.schema"

local function quoted(name)
  return "`" .. name:gsub("`", "``") .. "`"
end

return function(node, ...)
  local names, options = options_.split(...)
  options = options_.check("count", options, { as = "string", weight = "string" })
  local keys = names.n > 0 and schema_.need_all(node.schema, names, "count") or node.schema.groups
  local what = "count()"
  if options.weight then
    schema_.need_numeric(node.schema, options.weight, "count's weight")
    what = ("sum(%s)"):format(quoted(options.weight))
  end
  return aggregate(node, ("%s = %s"):format(quoted(options.as or "n"), what), { by = keys })
end
