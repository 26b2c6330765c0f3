--- `t:pivot("domicile", "students")`: the values of one column become columns, filled from another.
--
--     keys   the columns that stay and say what a row is; unless given, all the others
--
-- Two rows for one cell are an error: aggregate first. The columns are data, so the plan before it is run here.
-- Where a value stands for a total (all of its rows are marked), its column is a column of totals, and the marks go
-- by the other columns.

local options_ = require "tally.options"
local plan = require "tally.plan"
local run = require "tally.run"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local function other_columns(schema, names_from, values_from)
  local keys = {}
  for _, name in ipairs(schema_.names(schema)) do
    if name ~= names_from and name ~= values_from then keys[#keys + 1] = name end
  end
  return keys
end

-- The values of a column whose rows are all totals, when there are others.
local function total_values(node, names_from)
  local all = plan.aggregate(node, { names_from }, {
    { name = "rows", func = "count" },
    { name = "totals", func = "count", where = steps.column(schema_.MARKS) },
  }, { { name = "rows", type = "integer" }, { name = "totals", type = "integer" } }, "rows and totals")
  local table_, values = run.run(all), {}
  local names = table_:column(1)
  for i = 1, table_:rows() do
    local value = names:value(i)
    if value ~= nil and table_:column(2):value(i) == table_:column(3):value(i) then values[#values + 1] = value end
  end
  return #values < table_:rows() and values or {}
end

-- Marks by the keys alone: a row is a total when its cells that are not in columns of totals are.
local function mark_by_keys(node, keys, names_from, values)
  if #values == 0 or schema_.find(node.schema, names_from).type ~= "text" then return node end
  local in_totals = steps.call("in", steps.column(names_from))
  for _, value in ipairs(values) do in_totals[#in_totals + 1] = steps.value(value) end
  local result, mark = steps.derive_hidden(node, "marks of the cells",
    steps.call("if_else", in_totals, steps.missing, steps.column(schema_.MARKS)))
  result, mark = steps.window_hidden(result, "mark of the row", "first", mark, keys)
  result = steps.derive(result, schema_.MARKS, steps.column(mark), "as the cells that are not in columns of totals")
  return steps.only(result, node.schema)
end

return function(node, names_from, values_from, options)
  options = options_.check("pivot", options, { keys = "names" })
  schema_.need(node.schema, names_from, "the first argument of pivot")
  schema_.need(node.schema, values_from, "the second argument of pivot")
  local keys = options.keys and schema_.need_all(node.schema, options.keys, "pivot")
    or other_columns(node.schema, names_from, values_from)
  local values = {}
  if node.schema.marks then
    values = total_values(node, names_from)
    node = mark_by_keys(node, keys, names_from, values)
  end
  return plan.pivot(node, keys, names_from, values_from, values)
end
