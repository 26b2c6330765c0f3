--- `t:describe()`: one row for each column: its type, how many values are known and missing, how many different ones
-- there are; of numbers the smallest, mean, median and largest; of other columns the values themselves when there
-- are at most 20, else the first and the last in order. Integers that no number holds exactly, beyond 2^53, stand among
-- the values too. Rows marked as totals are left out.

local cells = require "tally.cells"
local core = require "tally.core"
local plan = require "tally.plan"
local run = require "tally.run"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local VALUES_MOST = 20

-- What is asked of each column, all in one pass over the rows.
local function questions(schema)
  local aggregates, columns = {}, {}
  local function ask(column, func, kind)
    local name = ("%d %s"):format(#aggregates + 1, func)
    aggregates[#aggregates + 1] = { name = name, func = func, argument = steps.column(column.name) }
    columns[#columns + 1] = { name = name, type = kind }
    return name
  end
  local asked = {}
  for i, column in ipairs(schema.columns) do
    asked[i] = { known = ask(column, "count", "integer"), distinct = ask(column, "distinct", "integer") }
    if schema_.is_numeric(column) then
      asked[i].min, asked[i].max = ask(column, "min", column.type), ask(column, "max", column.type)
      asked[i].mean, asked[i].median = ask(column, "mean", "number"), ask(column, "median", "number")
    end
  end
  return aggregates, columns, asked
end

-- The different values of a column that is not numeric, in order: all of them, or the first and the last.
local function values_of(node, name, distinct)
  if distinct == 0 then return nil end
  local sorted = plan.sort(plan.distinct(plan.select(node, { name }), { name }), { { name, false } }, name)
  local column = run.run(sorted):column(name)
  if distinct > VALUES_MOST then
    return ("%s ... %s"):format(tostring(column:value(1)), tostring(column:value(distinct)))
  end
  local texts = {}
  for i = 1, distinct do texts[i] = tostring(column:value(i)) end
  return table.concat(texts, ", ")
end

local layout = {
  { "column", "text" }, { "type", "text" }, { "known", "integer" }, { "missing", "integer" }, { "distinct", "integer" },
  { "min", "number" }, { "mean", "number" }, { "median", "number" }, { "max", "number" }, { "values", "text" },
}

-- The same value as a number; nil for an integer that no number holds.
local function as_number(value)
  local number = value and value + 0.0
  return (number == value or value ~= value) and number or nil
end

-- Of numbers: the least, mean, median and largest; of integers that would lose digits the least and largest as text.
local function summary_of(least, mean, median, most)
  if least and not (as_number(least) and as_number(most)) then
    return nil, mean, nil, nil, ("%d ... %d"):format(least, most)
  end
  return as_number(least), mean, as_number(median), as_number(most)
end

-- Are the values of a column printed plain, as years are?
local function is_plain(column, least, most)
  return column.type == "integer" and least ~= nil
    and cells.prints_plain(column.like or column.name, { least, most, n = 2 }) or nil
end

return function(node)
  local leaves = plan.group(plan.leaves(node), {})
  local aggregates, columns, asked = questions(leaves.schema)
  local rows = run.run(leaves):rows()
  local answers = #aggregates > 0 and run.run(plan.aggregate(leaves, {}, aggregates, columns, "describe each column"))
  local lists, plain = {}, {}
  for i = 1, #layout do lists[i] = { n = #leaves.schema.columns } end
  for i, column in ipairs(leaves.schema.columns) do
    local function answer(what)
      return asked[i][what] and answers:column(asked[i][what]):value(1)
    end
    plain[column.name] = is_plain(column, answer "min", answer "max")
    local known, distinct = answer "known", answer "distinct"
    local row = { column.name, column.type, known, rows - known, distinct }
    if schema_.is_numeric(column) then
      row[6], row[7], row[8], row[9], row[10] = summary_of(answer "min", answer "mean", answer "median", answer "max")
    else
      row[10] = values_of(leaves, column.name, distinct)
    end
    for place = 1, #layout do lists[place][i] = row[place] end
  end
  local names, results = {}, {}
  for i, item in ipairs(layout) do
    names[i], results[i] = item[1], core.column(item[2], lists[i], lists[i].n)
  end
  local described = core.table(names, results, lists[1].n)
  local info = schema_.info_with(node.schema.info, "described", { by = layout[1][1], plain = plain })
  return plan.known(node, described, schema_.new(names, described:types(), info), "describe each column")
end
