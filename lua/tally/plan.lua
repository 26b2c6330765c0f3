--- The plan: what has been asked for, as a chain of nodes that nothing ever changes.
--
--     { verb =, inputs = { node, ... }, arguments = {...}, schema =, text = "what it does, in plain words" }
--
-- There are few kinds of node, and each one knows its schema when it is made, so that a mistake fails on the line
-- that made it. Verbs are policy and are put together from these kinds; `tally.run` carries each kind out. An
-- engine that can do these can do every verb.
-- @module tally.plan

local core = require "tally.core"
local error_ = require "tally.error"
local number = require "tally.number"
local run = require "tally.run"
local schema_ = require "tally.schema"
local years = require "tally.years"

local M = {}

local function node_of(verb, inputs, arguments, schema, text)
  return { verb = verb, inputs = inputs, arguments = arguments, schema = schema, text = text }
end

-- 'a', 'b' and 'c'
local function listed(names)
  local quoted = {}
  for i, name in ipairs(names) do quoted[i] = ("'%s'"):format(name) end
  if #quoted < 2 then return quoted[1] or "nothing" end
  return table.concat(quoted, ", ", 1, #quoted - 1) .. " and " .. quoted[#quoted]
end
M.listed = listed

local function within(names)
  return #names > 0 and (" within each %s"):format(listed(names)) or ""
end

-- ---- Where rows come from ----

-- The columns that files gave as percentages: { [name] = true }.
local function percentages(info)
  local names = {}
  for _, source in ipairs(info and info.sources or {}) do
    for _, name in ipairs(source.facts and source.facts.percent_columns or {}) do names[name] = true end
  end
  return names
end

-- The schema of a table that is there; integers that are years are known as such, whatever the name of their column,
-- and so are percentages, which are not added up.
local function schema_of(core_table, names, info)
  local schema, is_percentage = schema_.new(names, core_table:types(), info), percentages(info)
  for _, column in ipairs(schema.columns) do
    if column.type == "integer" then column.like = years.kind(core_table, column.name) end
    if is_percentage[column.name] then column.additive = false end
  end
  return schema
end

--- A table that is there.
-- @param core_table a table of the engine
-- @tparam[opt] table info
-- @tparam[opt] string text
function M.source(core_table, info, text)
  local schema = schema_of(core_table, core_table:names(), info)
  if schema.marks then core_table = core_table:select(schema_.all_names(schema)) end
  return node_of("source", {}, { table = core_table }, schema, text or "a table in memory")
end

--- Rows that are read when they are needed.
-- @param rows what can be run like a table of the engine
-- @param core_table the columns; no rows
-- @tparam[opt] table info
-- @tparam string text
function M.scan(rows, core_table, info, text)
  return node_of("scan", {}, { rows = rows }, schema_of(core_table, core_table:names(), info), text)
end

--- A table that has been made from a plan already, because its columns are data.
-- @param node the plan it was made from
-- @param core_table
-- @tparam table schema
-- @tparam string text
function M.known(node, core_table, schema, text)
  return node_of("source", { node }, { table = core_table }, schema, text)
end

-- ---- Row by row ----

--- The rows for which a condition holds.
function M.filter(node, keep, text)
  return node_of("filter", { node }, { keep = keep }, node.schema, "keep rows where " .. text)
end

--- A column computed from the row; a column of that name is replaced. One called is_total marks totals.
-- @param node
-- @tparam table column { name =, type =, additive = }
-- @tparam table value an expression of the engine
-- @tparam string text the formula
function M.derive(node, column, value, text)
  if column.name == schema_.MARKS then
    if column.type ~= "boolean" then
      error_.throw("type", ("is_total marks totals: it must be true or false, not %s"):format(column.type))
    end
    value = { "call", "coalesce", value, { "value", false, "boolean" } }
  end
  if column.type == "missing" then column = { name = column.name, type = "boolean" } end
  return node_of("derive", { node }, { name = column.name, value = value }, schema_.with(node.schema, column),
    ("%s = %s"):format(column.name, text))
end

--- These columns, in this order. The marks stay.
function M.select(node, names)
  return node_of("select", { node }, {}, schema_.select(node.schema, names), "columns " .. listed(names))
end

--- The table without its marks: its rows are the data now.
function M.unmark(node)
  if not node.schema.marks then return node end
  local schema = schema_.changed(node.schema, { marks = false })
  return node_of("select", { node }, {}, schema, "rows are no longer marked as totals")
end

--- The rows that are not totals of others.
function M.leaves(node)
  if not node.schema.marks then return node end
  local filter = M.filter(node, { "call", "not", { "column", schema_.MARKS } }, "not is_total")
  filter.arguments.leaves = true
  return M.unmark(filter)
end

--- Columns under other names.
-- @param node
-- @tparam table new { [old] = new }
function M.rename(node, new)
  local words = {}
  for _, name in ipairs(schema_.names(node.schema)) do
    if new[name] then words[#words + 1] = ("'%s' is called '%s'"):format(name, new[name]) end
  end
  return node_of("rename", { node }, { new = new }, schema_.rename(node.schema, new), table.concat(words, ", "))
end

--- The table, grouped; without names, not grouped.
function M.group(node, names)
  local schema = schema_.changed(node.schema, { groups = names })
  return node_of("select", { node }, {}, schema, #names > 0 and "grouped by " .. listed(names) or "not grouped")
end

--- The rows for which a function says true: it is called for each.
function M.filter_by_function(node, keep)
  return node_of("filter_by_function", { node }, { keep = keep }, node.schema,
    "keep rows for which a Lua function says true (row by row: slower)")
end

--- A column computed by a function that is called for each row.
function M.derive_by_function(node, column, value)
  return node_of("derive_by_function", { node }, { column = column, value = value }, schema_.with(node.schema, column),
    ("%s = what a Lua function gives (row by row: slower)"):format(column.name))
end

-- ---- Whole tables ----

--- One row for each combination of keys.
-- @param node
-- @tparam {string,...} keys
-- @tparam {table,...} aggregates for the engine
-- @tparam {table,...} results their columns
-- @tparam string text
function M.aggregate(node, keys, aggregates, results, text)
  local columns, marks = {}, false
  for _, name in ipairs(keys) do
    if name == schema_.MARKS then
      marks = true
    else
      local column = schema_.find(node.schema, name)
      columns[#columns + 1] = { name = name, type = column.type, additive = false, like = column.like }
    end
  end
  for _, column in ipairs(results) do columns[#columns + 1] = column end
  local info = schema_.info_with(node.schema.info, "total_columns", nil)
  local schema = schema_.changed(node.schema, { columns = columns, marks = marks, groups = {}, info = info })
  return node_of("aggregate", { node }, { keys = keys, aggregates = aggregates }, schema,
    ("%s%s"):format(text, #keys > 0 and (" for each %s"):format(listed(keys)) or ""))
end

--- Rows in order.
-- @param node
-- @tparam {table,...} keys { { column, descending }, ... }
-- @tparam string text
function M.sort(node, keys, text)
  return node_of("sort", { node }, { keys = keys }, node.schema, "sort by " .. text)
end

--- The rows with the largest values, the largest first, in each group.
-- @param node
-- @tparam number most rows of a group
-- @tparam string name the column of the values
-- @tparam {string,...} by the columns of the groups; empty: all rows are one
function M.top(node, most, name, by)
  local each = #by > 0 and (" of each %s"):format(listed(by)) or ""
  return node_of("top", { node }, { most = most, name = name, by = by }, node.schema,
    ("the %d rows%s with the largest %s"):format(most, each, name))
end

--- Rows first to last, counted from 1, or from the end when negative.
function M.slice(node, first, last)
  return node_of("slice", { node }, { first = first, last = last }, node.schema, ("rows %d to %d"):format(first, last))
end

--- Rows drawn by chance, in their order.
-- @param node
-- @tparam number size how many, or a share below 1
-- @tparam number seed
function M.sample(node, size, seed)
  return node_of("sample", { node }, { size = size, seed = seed }, node.schema,
    ("%s drawn by chance (seed %d)"):format(size < 1 and "a share of " .. size or size .. " rows", seed))
end

--- The first row of each combination.
function M.distinct(node, names)
  local keys = {}
  for i, name in ipairs(names) do keys[i] = name end
  if node.schema.marks then keys[#keys + 1] = schema_.MARKS end
  return node_of("distinct", { node }, { names = keys }, node.schema, "the first row of each combination of "
    .. listed(names))
end

--- The rows of two tables that match.
-- @param left
-- @param right
-- @tparam table options for the engine: kind, left, right, suffix, match_missing, as_of
-- @tparam table schema of the result
function M.join(left, right, options, schema)
  local as_of, conditions = options.as_of, {}
  if #options.left > 0 then
    local other = table.concat(options.left, "\0") ~= table.concat(options.right, "\0")
    conditions[1] = listed(options.left) .. (other and " = " .. listed(options.right) or "")
  end
  if as_of then conditions[#conditions + 1] = ("'%s' is the last not after '%s'"):format(as_of[2], as_of[1]) end
  local relationship = options.relationship and (" (%s)"):format(options.relationship) or ""
  return node_of("join", { left, right }, options, schema, ("%s join with another table where %s%s")
    :format(options.kind, table.concat(conditions, " and "), relationship))
end

--- The rows of several tables, one after another.
-- @tparam {table,...} nodes
-- @tparam table schema of the result
-- @tparam[opt] string origin a first column that says which table
-- @tparam[opt] {string,...} labels
function M.append(nodes, schema, origin, labels)
  return node_of("append", nodes, { origin = origin, labels = labels }, schema,
    ("the rows of %d tables, one after another"):format(#nodes))
end

--- Columns turned into rows.
-- @param node
-- @tparam {string,...} names
-- @tparam string names_to
-- @tparam string values_to
-- @tparam {table,...} columns of the result
function M.unpivot(node, names, names_to, values_to, columns)
  local schema = schema_.changed(node.schema, { columns = columns })
  return node_of("unpivot", { node }, { columns = names, names_to = names_to, values_to = values_to }, schema,
    ("columns %s become rows: names in '%s', values in '%s'"):format(listed(names), names_to, values_to))
end

--- Rows turned into columns. The columns are data, so this is carried out at once.
-- @param node
-- @tparam {string,...} keys
-- @tparam string names_from
-- @tparam string values_from
-- @tparam[opt] {string,...} totals names of the new columns that are columns of totals
function M.pivot(node, keys, names_from, values_from, totals)
  local row_keys, names, is_key = {}, {}, {}
  for i, name in ipairs(keys) do row_keys[i], names[i], is_key[name] = name, name, true end
  if node.schema.marks then row_keys[#row_keys + 1], is_key[schema_.MARKS] = schema_.MARKS, true end
  local wide = run.run(node):pivot(row_keys, names_from, values_from)
  for _, name in ipairs(wide:names()) do
    if not is_key[name] then names[#names + 1] = name end
  end
  if node.schema.marks then names[#names + 1] = schema_.MARKS end
  wide = wide:select(names)
  local total_columns = {}
  for name in pairs(node.schema.info.total_columns or {}) do total_columns[name] = true end
  for _, name in ipairs(totals or {}) do total_columns[name] = true end
  local schema = schema_of(wide, names, schema_.info_with(node.schema.info, "total_columns", total_columns))
  local filled = schema_.find(node.schema, values_from)
  for _, column in ipairs(schema.columns) do
    if not is_key[column.name] then column.additive = filled.additive end
  end
  return M.known(node, wide, schema, ("the values of '%s' become columns, filled from '%s'"):format(names_from,
    values_from))
end

-- The type that a window gives, when it is not that of its column.
local window_types = { count = "integer", row_number = "integer", rank = "integer", dense_rank = "integer" }

--- A column computed from a column within groups.
-- @param node
-- @tparam table window { name =, func =, column =, by =, offset =, additive = }
function M.window(node, window)
  local source = window.column and schema_.find(node.schema, window.column)
  local kind = window_types[window.func] or core.aggregate_type("first", source.type)
  local column = { name = window.name, type = kind, additive = window.additive }
  return node_of("window", { node }, window, schema_.with(node.schema, column), ("%s = %s of %s%s"):format(window.name,
    (window.func:gsub("_", " ")), window.column and ("'%s'"):format(window.column) or "rows", within(window.by)))
end

--- The table as it is, once it is sure that no combination of these columns occurs twice.
-- @param node
-- @tparam {string,...} names
-- @tparam function message gives the text of the error from a row of the first combination that does
function M.unique(node, names, message)
  return node_of("unique", { node }, { names = names, message = message }, node.schema,
    ("check that no combination of %s occurs twice"):format(listed(names)))
end

--- The table as it is, once it is sure that no row meets a condition.
-- @param node
-- @tparam table condition an expression of the engine
-- @tparam string message of the error when one does
-- @tparam string text
function M.none(node, condition, message, text)
  return node_of("none", { node }, { condition = condition, message = message }, node.schema,
    "check that there is " .. text)
end

--- The column with its groups in a declared order.
function M.levels(node, name, levels)
  return node_of("levels", { node }, { name = name, levels = levels }, node.schema,
    ("'%s' goes in the order %s"):format(name, table.concat(levels, ", ")))
end

-- ---- In plain words ----

-- What a join that has run found.
local function found(report)
  return ("of the left table %s found no match and %s found several; of the right table %s found none")
    :format(number.count(report.left_unmatched, "row"), number.format(report.left_repeated),
      number.count(report.right_unmatched, "row"))
end

-- How an aggregation that has run told its groups apart.
local function told_apart(grouping)
  local ways = {
    places = ("through an array of %s"):format(number.count(grouping.places, "place")),
    whole = "by numbering all rows at once",
    batches = "batch by batch, in a hash table",
  }
  local way = ways[grouping.how]
  return way and ("%s, told apart %s"):format(number.count(grouping.groups, "group"), way)
end

local function lines_of(node, lines, indent)
  for i, input in ipairs(node.inputs) do
    if i == 1 then
      lines_of(input, lines, indent)
    else
      lines[#lines + 1] = ("%s   with"):format(indent)
      lines_of(input, lines, indent .. "     ")
    end
  end
  local report, grouping = run.report_of(node), run.grouping_of(node)
  local known = report and found(report) or grouping and told_apart(grouping)
  local result = known and ("\n     %s%s"):format(indent, known) or ""
  lines[#lines + 1] = ("%s%s%s"):format(indent, node.text, result)
end

--- The plan in plain words, one line for each step.
-- @param node
-- @treturn string
function M.explain(node)
  local lines = {}
  lines_of(node, lines, "")
  for i, line in ipairs(lines) do lines[i] = ("%3d  %s"):format(i, line) end
  return table.concat(lines, "\n")
end

return M
