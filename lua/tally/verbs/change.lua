--- `t:change("students", { over = "year", kind = "percent" })`: how a value changes from period to period, in a new
-- column.
--
--     over   the column of periods: whole years, dates, or academic years such as "2019/20" and 201920
--     kind   "absolute"  value - earlier                          students_change (the default)
--            "percent"   (value - earlier) / earlier x 100        students_percent_change
--            "points"    value - earlier, of percentages          students_points_change
--            "index"     value / base x 100                       students_index
--            "annual"    compound yearly rate since the base, %   students_annual_change
--     base   the period to compare with; unless given, index and annual take the first, and the others the year
--     before
--     by     columns that tell one series from another; unless given, the groups of group_by
--     as     the name of the new column
--
-- A gap is not bridged: when the year before is not there, the change is missing. Totals are a series of their own.

local check = require "tally.check"
local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local column, value, call = steps.column, steps.value, steps.call

local suffixes = { absolute = "_change", percent = "_percent_change", points = "_points_change", index = "_index",
  annual = "_annual_change" }
local known = { over = "string", kind = { "absolute", "percent", "points", "index", "annual" }, base = "any",
  by = "names",
  as = "string" }

-- The year of a period, as an expression; of 201920 the first.
local function year_of(period)
  if period.type == "integer" then
    return call("coalesce", call("start_year", column(period.name)), column(period.name))
  end
  if period.type == "text" then return call("start_year", column(period.name)) end
  if period.type == "date" then return call("year", column(period.name)) end
  error_.throw("type", ("change needs periods: years, academic years or dates, but column '%s' is %s")
    :format(period.name, period.type))
end

-- Series: the groups, and totals apart from the rest.
local function series_of(node, options)
  local by = {}
  for _, name in ipairs(options_.groups("change", node, options)) do
    if name ~= options.over then by[#by + 1] = name end
  end
  if node.schema.marks then by[#by + 1] = schema_.MARKS end
  return by
end

-- Integers are academic years or calendar years: from one to the other is no distance.
local function check_years(node, period)
  if period.type ~= "integer" then return node end
  local over, name = column(period.name), schema_.in_formula(period.name)
  local is_calendar = call("is_missing", call("start_year", over))
  local result, flag, least, most
  result, flag = steps.derive_hidden(node, "kind of year", call("if_else", call("is_missing", over), steps.missing,
    call("if_else", is_calendar, value(0), value(1))))
  result, least = steps.window_hidden(result, "least kind", "min", flag, {})
  result, most = steps.window_hidden(result, "largest kind", "max", flag, {})
  return plan.none(result, call("~=", column(least), column(most)), ("change: column '%s' has academic years such as "
    .. "201920 and calendar years: make them one, as in derive \"year = coalesce(start_year(%s), %s)\"")
    :format(period.name, name, name), "no academic year among calendar years")
end

local function check_base(period, base)
  if base == nil then return end
  local kind = check.type_of_value(base)
  if kind ~= (period.type == "date" and "text" or period.type) then
    error_.throw("type", ("change: the base is %s, but column '%s' is %s"):format(schema_.shown(base), period.name,
      period.type))
  end
end

local function is_base(period, base)
  if period.type == "date" then return call("==", column(period.name), { "value", base, "date" }) end
  return call("==", column(period.name), value(base))
end

-- Adds the value at the base and its year; their names.
local function with_base(node, name, year, period, base, by)
  local result, at_base, first = node
  if base == nil then
    result, first = steps.window_hidden(result, "first year", "min", year, by)
    at_base = call("==", column(year), column(first))
  else
    at_base = is_base(period, base)
  end
  local base_value, base_year
  result, base_value = steps.derive_hidden(result, name .. " at the base",
    call("if_else", at_base, column(name), steps.missing))
  result, base_value = steps.window_hidden(result, "base of " .. name, "first", base_value, by)
  result, base_year = steps.derive_hidden(result, "year at the base",
    call("if_else", at_base, column(year), steps.missing))
  result, base_year = steps.window_hidden(result, "base year", "first", base_year, by)
  return result, column(base_value), column(base_year)
end

-- Adds the value of the year before; its name.
local function with_earlier(node, name, year, by)
  local earlier, earlier_year
  local result, place = steps.window_hidden(node, "row", "row_number", nil, {})
  result = plan.sort(result, { { year, false } }, "year")
  result, earlier = steps.window_hidden(result, name .. " before", "lag", name, by, 1)
  result, earlier_year = steps.window_hidden(result, "year before", "lag", year, by, 1)
  result = plan.sort(result, { { place, false } }, "row, as they were")
  local adjoining = call("==", column(earlier_year), call("-", column(year), value(1)))
  return result, call("if_else", adjoining, column(earlier), steps.missing)
end

-- ((value / base) ^ (1 / years) - 1) x 100
local function annual_rate(now, base, years)
  local ratio = call("/", now, base)
  local rate = call("*", value(100), call("-", call("^", ratio, call("/", value(1), years)), value(1)))
  local sound = call("and", call(">", years, value(0)), call(">", base, value(0)), call(">=", now, value(0)))
  return call("if_else", sound, rate, steps.missing)
end

local function formula_of(kind, now, reference, years)
  if kind == "percent" then return call("percent", call("-", now, reference), reference) end
  if kind == "index" then return call("percent", now, reference) end
  if kind == "annual" then return annual_rate(now, reference, years) end
  return call("-", now, reference)
end

local function check_series(node, over, by)
  local names = { over }
  for _, name in ipairs(by) do names[#names + 1] = name end
  return plan.unique(node, names, function(row)
    return ("change: there are two rows for %s in one series: say what tells series apart, as in { by = \"level\" }")
      :format(schema_.shown(row[over]))
  end)
end

return function(node, name, options)
  options = options_.check("change", options, known)
  schema_.need_numeric(node.schema, name, "change")
  if options.over == nil then error_.throw("shape", "change needs the column of periods, as in { over = \"year\" }") end
  local period = schema_.need(node.schema, options.over, "option 'over' of change")
  local kind, by = options.kind or "absolute", series_of(node, options)
  check_base(period, options.base)
  local year_expression = year_of(period)
  local checked = check_years(check_series(node, options.over, by), period)
  local result, year = steps.derive_hidden(checked, "year", year_expression)
  local reference, base_year
  if options.base ~= nil or kind == "index" or kind == "annual" then
    result, reference, base_year = with_base(result, name, year, period, options.base, by)
  else
    result, reference = with_earlier(result, name, year, by)
  end
  local years = base_year and call("-", column(year), base_year)
  local as = options.as or name .. suffixes[kind]
  result = steps.derive(result, as, formula_of(kind, column(name), reference, years),
    ("change of '%s' over '%s' (%s)"):format(name, options.over, kind), false)
  return steps.only(result, node.schema, as)
end
