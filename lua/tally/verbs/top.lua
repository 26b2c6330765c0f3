--- `t:top(10, "students")`: the rows with the largest values, largest first; in each group when the table is
-- grouped, or of `by`. With `other = "All other"` the rest are added up into one more row of that name. Rows marked
-- as totals are left out.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local run = require "tally.run"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local function need_label(schema, by)
  return schema_.label(schema, by)
    or error_.throw("shape", "top needs a text column that is not a group, to write the name of the other rows in")
end

-- The name for the rest must not be that of a row that is there.
local function check_name(node, label, other)
  local same = steps.call("==", steps.column(label), steps.value(other))
  if run.run(plan.filter(node, same, "it has the name for the rest")):rows() > 0 then
    error_.throw("name", ("'%s' is already a value of '%s': give the other rows another name"):format(other, label))
  end
end

-- Of the rows after the first ones: one row for each group, with the sums of what may be added up. `position` is
-- the column that says where the group stands, if there are groups.
local function rest_of(after, schema, by, label, other, position)
  local grouped, keys, sums, columns = schema_.set_of(by), { label }, {}, {}
  for i, name in ipairs(by) do keys[i + 1] = name end
  local function add(column, func)
    sums[#sums + 1] = { name = column.name, func = func, argument = steps.column(column.name) }
    columns[#columns + 1] = { name = column.name, type = column.type }
  end
  for _, column in ipairs(schema.columns) do
    if schema_.is_amount(column) and not grouped[column.name] then add(column, "sum") end
  end
  if position then add({ name = position, type = "integer" }, "min") end
  after = steps.derive(after, label, steps.value(other), "the name of the rest")
  return plan.aggregate(after, keys, sums, columns, "sums of the rest")
end

-- The rows numbered within their group from the largest down, groups in the order in which they first appear.
local function numbered(node, name, by)
  local result, keys, position, place = node, { { name, true } }
  if #by > 0 then
    result, place = steps.window_hidden(result, "row", "row_number", nil, {})
    result, position = steps.window_hidden(result, "first row of the group", "min", place, by)
    keys = { { position, false }, { name, true } }
  end
  result = plan.sort(result, keys, ("'%s' from the largest down"):format(name))
  result, place = steps.window_hidden(result, "place", "row_number", nil, by)
  return result, place, position
end

return function(node, n, name, options)
  n = options_.need_count("top", n, 1)
  options = options_.check("top", options, { by = "names", other = "string" })
  schema_.need_numeric(node.schema, name, "top")
  local by = options_.groups("top", node, options)
  local leaves = plan.leaves(node)
  local schema = leaves.schema
  if not options.other then return plan.top(leaves, n, name, by) end
  local rows, place, position = numbered(leaves, name, by)
  local is_first = steps.call("<=", steps.column(place), steps.value(n))
  local result = plan.filter(rows, is_first, ("they are among the first %d"):format(n))
  local label = need_label(schema, by)
  check_name(leaves, label, options.other)
  local after = plan.filter(rows, steps.call("not", is_first), ("they are not among the first %d"):format(n))
  result = steps.only(result, schema, position)
  result = plan.append({ result, rest_of(after, schema, by, label, options.other, position) }, result.schema)
  if not position then return result end
  return steps.only(plan.sort(result, { { position, false } }, "group"), schema)
end
