--- `t:top(10, "students")`: the rows with the largest values, largest first; in each group when the table is grouped, or of `by`.
-- With `other = "All other"` the rest are added up into one more row of that name. Rows marked as totals are left out.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local run = require "tally.run"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local function first_label(schema, by)
  for _, column in ipairs(schema.columns) do
    local grouped = false
    for _, name in ipairs(by) do grouped = grouped or name == column.name end
    if column.type == "text" and not grouped then return column.name end
  end
  error_.throw("shape", "top needs a text column that is not a group, to write the name of the other rows in")
end

-- The name for the rest must not be that of a row that is there.
local function check_name(node, label, other)
  local same = steps.call("==", steps.column(label), steps.value(other))
  if run.run(plan.filter(node, same, "it has the name for the rest")):rows() > 0 then
    error_.throw("name", ("'%s' is already a value of '%s': give the other rows another name"):format(other, label))
  end
end

-- One row for each group with the sums of the rows that are not among the first.
local function rest_of(ranked, schema, by, label, other)
  local sums, columns = {}, {}
  for _, column in ipairs(schema.columns) do
    if schema_.is_amount(column) then
      sums[#sums + 1] = { name = column.name, func = "sum", argument = steps.column(column.name) }
      columns[#columns + 1] = { name = column.name, type = column.type }
    end
  end
  local rest = plan.aggregate(ranked, by, sums, columns, "sums of the rows after them")
  rest = steps.derive(rest, label, steps.value(other), "the name of the rest")
  if #by > 0 then return rest end
  local there = { name = schema_.fresh(rest.schema, "(rows)"), func = "count" }
  return rest, there
end

-- Largest first; groups in the order in which they first appear.
local function in_order(node, name, by)
  local result, place = node, nil
  local keys = {}
  if #by > 0 then
    result, place = steps.window_hidden(result, "row", "row_number", nil, {})
    result, place = steps.window_hidden(result, "first row of the group", "min", place, by)
    keys[1] = { place, false }
  end
  keys[#keys + 1] = { name, true }
  result = plan.sort(result, keys, ("'%s' from the largest down"):format(name))
  return steps.window_hidden(result, "place", "row_number", nil, by)
end

return function(node, n, name, options)
  n = options_.need_count("top", n, 1)
  options = options_.check("top", options, { by = "names", other = "string" })
  schema_.need_numeric(node.schema, name, "top")
  local by = options_.groups("top", node, options)
  local leaves = plan.leaves(node)
  local schema = leaves.schema
  local ordered, place = in_order(leaves, name, by)
  local first = steps.call("<=", steps.column(place), steps.value(n))
  local result = plan.filter(ordered, first, ("they are among the first %d"):format(n))
  if not options.other then return steps.only(result, schema) end
  local label = first_label(schema, by)
  check_name(leaves, label, options.other)
  local after = plan.filter(ordered, steps.call("not", first), ("they are not among the first %d"):format(n))
  return plan.append({ steps.only(result, schema), rest_of(after, schema, by, label, options.other) }, schema)
end
