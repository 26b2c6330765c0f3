--- `t:crosstab("level", "domicile", { value = "sum(students)", percent = "row", totals = "both" })`: a table of one
-- thing by another.
--
--     rows, columns   names of columns; rows may be a list
--     value     what stands in a cell: a formula of aggregates, "count()" unless given
--     percent   "row", "column" or "total": each cell as a percentage of the sum of its row, its column or the
--     whole table, from 0 to 100
--               and not rounded
--     totals    "rows" (a total at the end of each row), "columns" (one under each column, in a marked row), or
--     "both"
--     name      what totals are called: "Total"
--
-- Totals and percentages are always computed from the rows of the table, never from the cells; rows marked as
-- totals are left out. A cell for which there are no rows is 0 when the value counts or adds up, and missing
-- otherwise.

local check = require "tally.check"
local error_ = require "tally.error"
local aggregate = require "tally.verbs.aggregate"
local options_ = require "tally.options"
local plan = require "tally.plan"
local run = require "tally.run"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local call, column = steps.call, steps.column
local CELL, ROWS = "(cell)", "(rows)"

local known = { value = "string", percent = { "row", "column", "total" }, totals = { "rows", "columns", "both" },
  name = "string" }

-- ---- What is asked for ----

local function check_axes(node, rows, across)
  local names = schema_.need_all(node.schema, rows == nil and {} or rows, "crosstab")
  if #names == 0 then error_.throw("shape", "crosstab needs the column of its rows, then that of its columns") end
  schema_.need(node.schema, across, "the second argument of crosstab")
  for _, name in ipairs(names) do
    if name == across then error_.throw("name", ("crosstab has '%s' for its rows and for its columns"):format(name)) end
  end
  return names
end

-- Does the value add up, so that an empty cell is 0 and percentages make sense?
local function adds_up(value)
  local tree = check.parse_all({ value }, "crosstab", false)[1].tree
  return tree.tag == "call" and (tree.func == "sum" or tree.func == "count")
end

-- Columns are named by text.
local function with_text(node, name)
  if schema_.find(node.schema, name).type == "text" then return node end
  return steps.derive(node, name, call("text", column(name)), "as text")
end

local function check_name(node, across, name)
  local same = plan.filter(plan.leaves(node), call("==", column(across), steps.value(name)),
    "they have the name of the totals")
  if run.run(same):rows() > 0 then
    error_.throw("name", ("'%s' is a value of '%s': give the totals another name, as in { name = \"All\" }")
      :format(name, across))
  end
end

-- ---- Cells ----

-- The cells of the body or of a margin: the keys that it lacks are named after the totals, or missing.
local function cells(node, keys, shape)
  local result = aggregate(node, ("`%s` = %s"):format(CELL, shape.value), ("`%s` = count()"):format(ROWS),
    { by = keys })
  local there = schema_.set_of(keys)
  if not there[shape.across] then
    result = steps.derive(result, shape.across, steps.value(shape.name), "the name of the totals")
  end
  if there[shape.rows[1]] then return result end
  if shape.label then result = steps.derive(result, shape.label, steps.value(shape.name), "the name of the totals") end
  return steps.derive(result, schema_.MARKS, steps.value(true), "it is a total")
end

-- Body, totals of rows, totals of columns, and the total of all, one after another.
local function all_cells(node, shape)
  local both = {}
  for i, name in ipairs(shape.rows) do both[i] = name end
  both[#both + 1] = shape.across
  local body = cells(node, both, shape)
  local parts = { body, cells(node, shape.rows, shape), cells(node, { shape.across }, shape), cells(node, {}, shape) }
  return plan.append(parts, schema_.changed(body.schema, { marks = true,
    info = schema_.info_with(body.schema.info, "total_name", shape.name) }))
end

-- An empty cell of a table of sums or counts is 0; the second table says how many rows each cell comes from.
local function with_zeros(wide, rows_of_cells, names)
  local counted = schema_.fresh(wide.schema, ROWS)
  local result, counts = run.run(wide), run.run(rows_of_cells)
  for _, name in ipairs(names) do
    local both = result:with(counted, counts:column(name))
    result = result:with(name,
      both:evaluate(call("if_else", call("is_missing", column(counted)), steps.value(0), column(name))))
  end
  return plan.known(wide, result, wide.schema, "empty cells are 0")
end

-- ---- Percentages ----

-- Adds what the cells of a column are a percentage of; its name.
local function with_base(node, name, shape)
  if shape.percent == "row" then return node, shape.name end
  local of = shape.percent == "column" and name or shape.name
  local result, base = steps.derive_hidden(node, of .. " in all",
    call("if_else", column(schema_.MARKS), column(of), steps.missing))
  return steps.window_hidden(result, "base of " .. name, "sum", base, {})
end

local function percentages(node, names, shape)
  local result, shares = node, {}
  for i, name in ipairs(names) do
    local base
    result, base = with_base(result, name, shape)
    result, shares[i] = steps.derive_hidden(result, name .. " in percent", call("percent", column(name), column(base)))
  end
  for i, name in ipairs(names) do
    result = steps.derive(result, name, column(shares[i]), ("'%s' in percent of its %s"):format(name, shape.percent),
      false)
  end
  return steps.only(result, node.schema)
end

-- ---- The table ----

-- Totals were needed for the percentages; only those that were asked for stay.
local function with_chosen_totals(node, names, shape)
  local result, kept = node, {}
  for _, name in ipairs(shape.rows) do kept[#kept + 1] = name end
  for _, name in ipairs(names) do
    if name ~= shape.name or shape.totals == "rows" or shape.totals == "both" then kept[#kept + 1] = name end
  end
  if shape.totals ~= "columns" and shape.totals ~= "both" then result = plan.leaves(result) end
  return plan.select(result, kept)
end

local function names_of_values(wide, rows)
  local is_key, names = schema_.set_of(rows), {}
  for _, name in ipairs(schema_.names(wide.schema)) do
    if not is_key[name] then names[#names + 1] = name end
  end
  return names
end

local function first_text(node, names)
  for _, name in ipairs(names) do
    if schema_.find(node.schema, name).type == "text" then return name end
  end
end

return function(node, rows, across, options)
  local shape = {}
  for name, value in pairs(options_.check("crosstab", options, known)) do shape[name] = value end
  shape.rows, shape.across = check_axes(node, rows, across), across
  shape.value, shape.name = shape.value or "count()", shape.name or "Total"
  local additive = adds_up(shape.value)
  if shape.percent and not additive then
    error_.throw("shape", "crosstab can take percentages of a value that adds up: sum(...) or count()")
  end
  node = with_text(node, across)
  shape.label = first_text(node, shape.rows)
  check_name(node, across, shape.name)
  local long = all_cells(node, shape)
  local wide = plan.pivot(long, shape.rows, across, CELL)
  local names = names_of_values(wide, shape.rows)
  if additive then wide = with_zeros(wide, plan.pivot(long, shape.rows, across, ROWS), names) end
  if shape.percent then wide = percentages(wide, names, shape) end
  return with_chosen_totals(wide, names, shape)
end
