--- `t:totals()`: the table with a row of totals at its end, marked as such; within groups, one for each of them.
--
--     by     one total for each combination of these columns; unless given, of the groups of group_by
--     name   what the row is called in the first text column that is not in `by`: "Total"
--     of     the columns that are added up; unless given, all that hold amounts: numbers that are not years, keys,
--     percentages
--            or other shares
--
-- Rows that are marked already are not counted again. A table that has a total of the same name already, by the same
-- columns, does not get a second one: that is an error.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local function amounts(schema, by, of)
  if of then
    local names = schema_.need_all(schema, of, "totals")
    for _, name in ipairs(names) do schema_.need_numeric(schema, name, "totals") end
    return names
  end
  local grouped, names = schema_.set_of(by), {}
  for _, column in ipairs(schema.columns) do
    if schema_.is_amount(column) and not grouped[column.name] then names[#names + 1] = column.name end
  end
  if #names == 0 then
    error_.throw("shape", "totals finds no column of amounts to add up: name it, as in { of = \"students\" }")
  end
  return names
end

-- Is a row what another total of this name would be? One by other columns has texts or keys elsewhere.
local function is_same_total(schema, by, label, name)
  local grouped, same = schema_.set_of(by), steps.column(schema_.MARKS)
  local function add(condition) same = steps.call("and", same, condition) end
  for _, column in ipairs(schema.columns) do
    local absent = steps.call("is_missing", steps.column(column.name))
    if column.name == label then
      add(steps.call("==", steps.column(label), steps.value(name)))
    elseif grouped[column.name] then
      add(steps.call("not", absent))
    elseif not schema_.is_numeric(column) or column.type == "integer" and not schema_.is_amount(column) then
      add(absent)
    end
  end
  return same
end

-- The table, once it is sure that it has no such total.
local function without_same(node, by, label, name)
  if not node.schema.marks then return node end
  return plan.none(node, is_same_total(node.schema, by, label, name), ("the table has totals called '%s' already: "
    .. "leave them out with filter \"not is_total\", or give these another name, as in totals { name = \"Sum\" }")
    :format(name), ("no total '%s' yet"):format(name))
end

return function(node, options)
  options = options_.check("totals", options, { by = "names", name = "string", of = "names" })
  local schema = node.schema
  local by = options_.groups("totals", node, options)
  local sums, columns, names = {}, {}, amounts(schema, by, options.of)
  for i, amount in ipairs(names) do
    sums[i] = { name = amount, func = "sum", argument = steps.column(amount) }
    columns[i] = { name = amount, type = schema_.find(schema, amount).type }
  end
  local total = plan.aggregate(plan.leaves(node), by, sums, columns, "sums of " .. plan.listed(names))
  local label = schema_.label(schema, by)
  local name = options.name or "Total"
  if label then total = steps.derive(total, label, steps.value(name), "the name of the total") end
  total = steps.derive(total, schema_.MARKS, steps.value(true), "it is a total")
  return plan.append({ without_same(node, by, label, name), total }, schema_.changed(schema, { marks = true,
    info = schema_.info_with(schema.info, "total_name", name) }))
end
