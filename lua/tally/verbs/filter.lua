--- `t:filter(...)`: the rows for which all conditions are true; a missing answer is not true.
--
--     t:filter "year >= 2015 and level ~= 'UG'"
--     t:filter("country == $c", { c = country })      a value enters by name
--     t:filter { year = "2019/20", level = { "UG", "PGT" } }
--     t:filter(function(row) return row.n > 5 end)    called for each row: slower
--
-- After a condition `is_total` or `not is_total` the rows are the data, and no longer marked.

local check = require "tally.check"
local core = require "tally.core"
local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"
local years = require "tally.years"

-- Does the condition say, by itself or joined by `and`, whether rows are totals?
local function decides_totals(tree)
  if tree.tag == "name" then return tree.name == schema_.MARKS end
  if tree.tag ~= "call" then return false end
  if tree.func == "not" then return tree[1].tag == "name" and tree[1].name == schema_.MARKS end
  if tree.func ~= "and" then return false end
  for _, part in ipairs(tree) do
    if decides_totals(part) then return true end
  end
  return false
end

local function by_formulas(node, texts, params)
  local scope = { schema = node.schema, params = params, used = {} }
  local decided = false
  for _, parsed in ipairs(check.parse_all(texts, "filter", false)) do
    node = plan.filter(node, check.condition(parsed, scope), parsed.source)
    decided = decided or decides_totals(parsed.tree)
  end
  check.all_used(scope, "filter")
  return decided and plan.unmark(node) or node
end

local function value_of(column, value)
  local kind = check.type_of_value(value)
  if not kind then
    error_.throw("type", ("filter compares column '%s' with %s: a value or a list of values is wanted")
      :format(column.name, schema_.shown(value)))
  end
  if kind == "integer" and column.like == years.ACADEMIC and years.is_calendar(value) then
    error_.throw("type", check.calendar_message(column.name))
  end
  if kind == "text" and column.type == "date" then kind = "date" end
  local ok, refusal = pcall(core.function_type, "==", { column.type, kind })
  if not ok then
    error_.throw("type", refusal.message .. check.comparison_hint(column, kind, value))
  end
  return { "value", value, kind }
end

local function by_values(node, wanted)
  local names, decided = {}, false
  for name in pairs(wanted) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    local column = schema_.need(node.schema, name, "a key of filter's table")
    local keep, texts = { "call", "in", { "column", name } }, {}
    for _, value in ipairs(type(wanted[name]) == "table" and wanted[name] or { wanted[name] }) do
      keep[#keep + 1] = value_of(column, value)
      texts[#texts + 1] = schema_.shown(value)
    end
    node = plan.filter(node, keep, ("%s in {%s}"):format(name, table.concat(texts, ", ")))
    decided = decided or name == schema_.MARKS
  end
  return decided and plan.unmark(node) or node
end

return function(node, ...)
  local first = ...
  if type(first) == "function" then return plan.filter_by_function(node, first) end
  if type(first) == "table" then return by_values(node, first) end
  local texts, params = options_.split(...)
  if texts.n == 0 then error_.throw("shape", "filter needs a formula, a table of values or a function") end
  return by_formulas(node, texts, params)
end
