--- Formulas are checked against a schema as they are written: names are looked up, types are worked out, and the
-- tree becomes the expression that the engine takes. A mistake is shown with a caret at its place in the formula.
--
-- A scope says what a formula may speak of: `schema`; `params`, the values of $names, and `used`, those that were
-- used; `aggregate(node, formula)`, which takes the aggregates of an aggregating verb (elsewhere they are an
-- error); `resolve(node, formula)`, which looks up a name in place of the schema. It comes to know
-- `mentions_total`: whether a formula spoke of is_total.
-- @module tally.check

local core = require "tally.core"
local error_ = require "tally.error"
local formula = require "tally.formula"
local schema_ = require "tally.schema"
local suggest = require "tally.suggest"
local years = require "tally.years"

local M = {}

local DEPTH_MOST = 180 -- of a tree: a + b + ... counts one for each +

local functions, aggregates = schema_.set_of(core.functions()), schema_.set_of(core.aggregates())

--- Is this call an aggregate? `min` and `max` of one argument are, of several they are functions of the row.
-- @tparam table node a node of a formula
-- @treturn boolean
function M.is_aggregate(node)
  return node.tag == "call" and aggregates[node.func] == true
    and (node.where ~= nil or not functions[node.func] or #node <= 1)
end

-- What other languages call functions and values, and how they are written in a formula.
local if_else, missing, change = "if_else(condition, a, b)", "x == nil", "the verb change: t:change(\"n\", ...)"
local functions_elsewhere = {
  case_when = if_else, ifelse = if_else, iif = if_else,
  is_na = missing, is_null = missing, isna = missing, isnull = missing,
  n = "count()", avg = "mean(x)", average = "mean(x)", std = "sd(x)", stdev = "sd(x)", stddev = "sd(x)",
  n_distinct = "distinct(x)", nunique = "distinct(x)", count_distinct = "distinct(x)", percentile = "quantile(x, 0.9)",
  desc = "a minus, as in t:sort \"-n\"", lag = change, lead = change, shift = change, diff = change,
  cumsum = "the verb cumulative: t:cumulative \"n\"", row_number = "the verb rank: t:rank \"n\"",
  paste = "a .. b", paste0 = "a .. b", nchar = "length(x)", len = "length(x)", ceiling = "ceil(x)", ln = "log(x)",
  substr = "substring(x, first, last)", gsub = "replace(x, old, new)", sub = "replace(x, old, new)",
  str_replace = "replace(x, old, new)", str_detect = "contains(x, part)", grepl = "contains(x, part)",
  tolower = "lower(x)", toupper = "upper(x)", tostring = "text(x)", tonumber = "number(x)",
}
local values_elsewhere = {
  NA = "nil", null = "nil", NULL = "nil", None = "nil", NaN = "nil",
  TRUE = "true", True = "true", FALSE = "false", False = "false",
}

-- What gives one of the values it is given.
local choices = schema_.set_of { "min", "max", "first", "last", "mode", "coalesce" }

--- The name that tells what the values of a formula are: that of the column they are taken from, "year" for the year
-- of a date or a period. Nil when the values are of the formula's own making.
-- @tparam table node a node of a formula
-- @tparam table schema
-- @treturn string|nil
function M.like(node, schema)
  if node.tag == "name" then
    local column = schema_.find(schema, node.name)
    return column and (column.like or column.name)
  end
  if node.tag ~= "call" then return nil end
  if node.func == "year" or node.func == "start_year" then return "year" end
  return choices[node.func] and node[1] and M.like(node[1], schema) or nil
end

-- ---- Names and values ----

local function check_name(node, scope, parsed)
  if node.name == schema_.MARKS then scope.mentions_total = true end
  if scope.resolve then return scope.resolve(node, parsed) end
  local column = schema_.find(scope.schema, node.name)
  if column then return { "column", node.name }, column.type end
  if node.name == schema_.MARKS then return { "value", false, "boolean" }, "boolean" end
  if values_elsewhere[node.name] then
    formula.fault(parsed, node.at, "name", ("no column '%s'; here it is written %s"):format(node.name,
      values_elsewhere[node.name]))
  end
  formula.fault(parsed, node.at, "name", schema_.no_column(scope.schema, node.name))
end

--- The type of a Lua value as tally sees it: "boolean", "integer", "number", "text"; nil for what is not a value.
function M.type_of_value(value)
  local kind = type(value)
  if kind == "string" then return "text" end
  if kind == "boolean" then return kind end
  if kind ~= "number" then return nil end
  local whole
  if math.type then whole = math.type(value) == "integer" else whole = value % 1 == 0 and math.abs(value) <= 2^53 end
  return whole and "integer" or "number"
end

local function parameter_value(node, scope, parsed)
  local params = scope.params or {}
  local value = params[node.name]
  if scope.used then scope.used[node.name] = true end
  if value ~= nil then return value end
  local names = {}
  for name in pairs(params) do names[#names + 1] = tostring(name) end
  table.sort(names)
  local hint = suggest.hint(node.name, names)
  formula.fault(parsed, node.at, "name", ("no value is given for '$%s'%s"):format(node.name, hint ~= "" and hint
    or (": pass it after the formula, as in { %s = ... }"):format(node.name)))
end

local function value_expression(node, value, parsed)
  local kind = M.type_of_value(value)
  if kind then return { "value", value, kind }, kind end
  formula.fault(parsed, node.at, "type", type(value) == "table"
    and ("'$%s' is a list: write `in $%s`"):format(node.name, node.name)
    or ("'$%s' is a %s, which is not a value for a table"):format(node.name, type(value)))
end

-- ---- Calls ----

local check

local comparisons = schema_.set_of { "==", "~=", "<", "<=", ">", ">=", "in" }

-- A text as it is written in a formula.
local function quoted(value)
  return "'" .. tostring(value):gsub("[\\']", "\\%0") .. "'"
end

-- A column compared with a value of another type: what to write instead of the value, and what else may be meant.
local function value_hint(column, kind, value)
  local is_number = kind == "integer" or kind == "number"
  if column.type == "text" and is_number then
    if not years.is_name(column.name) then return "write " .. quoted(value) end
    return ("write %s, or start_year(%s) where it holds academic years such as '2019/20'"):format(quoted(value),
      schema_.in_formula(column.name))
  elseif schema_.is_numeric(column) and kind == "text" then
    if tonumber(value) then return ("write %s without quotes"):format(value) end
    return ("read it as text, with %s, or write a number"):format(schema_.type_option(column.name, "text"))
  end
end

--- What to do where a column cannot be compared with a value, as the end of a message.
-- @tparam table column
-- @tparam string kind the type of the value
-- @param value
-- @treturn string
function M.comparison_hint(column, kind, value)
  local hint = value_hint(column, kind, value)
  return (": column '%s' is %s%s"):format(column.name, column.type, hint and "; " .. hint or "")
end

-- The first column among arguments, and the first value.
local function column_and_value(arguments, expression, schema)
  local column, value
  for i, argument in ipairs(arguments) do
    column = column or argument.tag == "name" and schema_.find(schema, argument.name) or nil
    local is_value = expression[i + 2][1] == "value"
    if is_value and not (value and column and value[3] ~= column.type) then value = expression[i + 2] end
  end
  return column, value
end

-- What to do about arguments that cannot be compared.
local function hint_of(node, types, arguments, expression, schema)
  local kinds = schema_.set_of(types)
  if not comparisons[node.func] then return "" end
  if kinds.date and kinds.text then return ": write date('2019-08-31'), or date($name)" end
  local column, value = column_and_value(arguments, expression, schema)
  if column and value then return M.comparison_hint(column, value[3], value[2]) end
  local is_mixed = kinds.text and (kinds.integer or kinds.number)
  return is_mixed and ": make them one type, as by text(x), or try_number(x)" or ""
end

-- The type that a function gives; the engine's refusal, shown in the formula.
local function type_of_call(node, types, parsed, arguments, expression, schema)
  local ok, result = pcall(core.function_type, node.func, types)
  if ok then return result end
  if not error_.is(result) or result.kind == "memory" then error(result, 0) end
  formula.fault(parsed, node.at, result.kind, result.message
    .. hint_of(node, types, arguments, expression, schema))
end

-- How a function is written here of which the name in another language is misspelt: "averge".
local function nearly_elsewhere(name)
  local names = {}
  if #name < 4 then return nil end
  for each in pairs(functions_elsewhere) do names[#names + 1] = each end
  table.sort(names)
  return functions_elsewhere[suggest.nearest(name, names)]
end

local function check_function_name(node, parsed)
  if M.is_aggregate(node) then
    local what = functions[node.func] and ("%s() of one value is an aggregate"):format(node.func)
      or ("%s() is an aggregate"):format(node.func)
    formula.fault(parsed, node.at, "name", what .. ": use it in aggregate(...)")
  end
  if functions[node.func] then
    if node.where then
      formula.fault(parsed, node.where.at, "syntax", "'where' belongs inside an aggregate, as in sum(n where ...)")
    end
    return
  end
  local names = core.functions()
  for _, name in ipairs(core.aggregates()) do names[#names + 1] = name end
  local hint = suggest.hint(node.func, names)
  local written = functions_elsewhere[node.func] or hint == "" and nearly_elsewhere(node.func)
  formula.fault(parsed, node.at, "name", ("no function '%s'%s"):format(node.func, written
    and "; here it is written " .. written or hint))
end

-- Two texts compared with one another say nothing of the rows: one of them was to be a column.
local function check_quotes(node, parsed)
  if not comparisons[node.func] then return end
  for i = 1, #node do
    if node[i].tag ~= "value" or node[i].type ~= "text" then return end
  end
  formula.fault(parsed, node.at, "type", ("'%s' is a text here, and not a column: names have no quotes, or backticks")
    :format(node[1].value))
end

--- What is said of academic years that are compared with calendar years.
function M.calendar_message(name)
  return ("column '%s' holds academic years such as 201920, which are never equal to calendar years: "
    .. "compare start_year(%s)"):format(name, schema_.in_formula(name))
end

-- "academic year" or "year" where that is known for sure.
local function kind_of_years(node, expression, schema)
  if expression[1] == "value" then
    return expression[3] == "integer" and years.is_calendar(expression[2]) and years.CALENDAR
  end
  if node.tag ~= "name" then return M.like(node, schema) end
  local column = schema_.find(schema, node.name)
  return column and column.like
end

-- 201920 is never compared with 2019 in silence.
local function check_years(node, arguments, expression, scope, parsed)
  if not comparisons[node.func] then return end
  local academic, calendar
  for i, argument in ipairs(arguments) do
    local kind = kind_of_years(argument, expression[i + 2], scope.schema)
    if kind == years.ACADEMIC and argument.tag == "name" then academic = argument.name end
    calendar = calendar or kind == years.CALENDAR
  end
  if academic and calendar then formula.fault(parsed, node.at, "type", M.calendar_message(academic)) end
end

-- The arguments of `in`, a list that is passed by name spread out.
local function spread(node, scope, parsed)
  if node.func ~= "in" then return node end
  local arguments = { node[1] }
  for i = 2, #node do
    local value = node[i].tag == "parameter" and parameter_value(node[i], scope, parsed)
    if type(value) == "table" then
      for _, item in ipairs(value) do
        arguments[#arguments + 1] = { tag = "given", name = node[i].name, at = node[i].at, value = item }
      end
    else
      arguments[#arguments + 1] = node[i]
    end
  end
  return arguments
end

local function check_call(node, scope, parsed, depth)
  if scope.aggregate and M.is_aggregate(node) then return scope.aggregate(node, parsed) end
  check_function_name(node, parsed)
  check_quotes(node, parsed)
  local expression, types, arguments = { "call", node.func }, {}, spread(node, scope, parsed)
  for i, argument in ipairs(arguments) do
    expression[i + 2], types[i] = check(argument, scope, parsed, depth + 1)
  end
  check_years(node, arguments, expression, scope, parsed)
  return expression, type_of_call(node, types, parsed, arguments, expression, scope.schema)
end

local checks = {
  name = check_name,
  call = check_call,
  value = function(node) return { "value", node.value, node.type }, node.type end,
  missing = function() return { "missing" }, "missing" end,
  parameter = function(node, scope, parsed)
    return value_expression(node, parameter_value(node, scope, parsed), parsed)
  end,
  given = function(node, _, parsed) return value_expression(node, node.value, parsed) end,
}

function check(node, scope, parsed, depth)
  if depth > DEPTH_MOST then
    formula.fault(parsed, node.at, "syntax",
      ("the formula is nested too deeply: at most %d operations within one another"):format(DEPTH_MOST))
  end
  return checks[node.tag](node, scope, parsed, depth)
end

--- Checks a tree.
-- @tparam table node
-- @tparam table scope
-- @tparam table parsed the formula it belongs to
-- @treturn table the expression for the engine
-- @treturn string its type
function M.tree(node, scope, parsed)
  return check(node, scope, parsed, 1)
end

--- Checks a formula that must be true or false.
function M.condition(parsed, scope)
  local expression, kind = M.tree(parsed.tree, scope, parsed)
  if kind ~= "boolean" and kind ~= "missing" then
    formula.fault(parsed, parsed.tree.at, "type", ("expected a condition, which is true or false, but this is %s")
      :format(kind))
  end
  return expression
end

--- Parses formulas, given as texts; a name is wanted ("n = ...") or forbidden.
-- @tparam {string,...} texts
-- @tparam string verb for messages
-- @tparam boolean named
-- @treturn {table,...} parsed formulas
function M.parse_all(texts, verb, named)
  local list = {}
  for i = 1, texts.n or #texts do
    local text = texts[i]
    if type(text) ~= "string" then
      error_.throw("type", ("%s takes formulas, which are texts, not %s"):format(verb, schema_.shown(text)))
    end
    local parsed = formula.parse(text)
    if parsed.name and not named then
      formula.fault({ source = text }, text:find "=", "syntax", "write == to compare")
    elseif named and not parsed.name then
      formula.fault(parsed, parsed.start, "syntax", ("%s needs a name for the result, as in \"%s = %s\""):format(verb,
        verb == "aggregate" and "n" or "x", #text <= 40 and text or "..."))
    end
    list[i] = parsed
  end
  return list
end

--- An error when a value was passed that no formula uses: it is probably misspelt.
function M.all_used(scope, verb)
  for name in pairs(scope.params or {}) do
    if not scope.used[name] then
      error_.throw("name", ("%s was given '%s', but no formula has '$%s'"):format(verb, tostring(name), tostring(name)))
    end
  end
end

--- The engine's expression of a condition over a table of the engine.
-- @tparam string text
-- @param core_table
-- @treturn table
function M.expression(text, core_table)
  local schema = schema_.new(core_table:names(), core_table:types())
  return M.condition(M.parse_all({ text }, "the formula", false)[1], { schema = schema })
end

return M
