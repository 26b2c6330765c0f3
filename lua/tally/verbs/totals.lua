--- `t:totals()`: the table with a row of totals at its end, marked as such; within groups, one for each of them.
--
--     by     one total for each combination of these columns; unless given, of the groups of group_by
--     name   what the row is called in the first text column that is not in `by`: "Total"
--     of     the columns that are added up; unless given, all that hold amounts: numbers that are not years, keys,
--     percentages
--            or other shares
--
-- Rows that are marked already are not counted again.

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

return function(node, options)
  options = options_.check("totals", options, { by = "names", name = "string", of = "names" })
  local schema = node.schema
  local by = options_.groups("totals", node, options)
  local sums, columns, names = {}, {}, amounts(schema, by, options.of)
  for i, name in ipairs(names) do
    local column = schema_.find(schema, name)
    sums[i] = { name = name, func = "sum", argument = steps.column(name) }
    columns[i] = { name = name, type = column.type }
  end
  local total = plan.aggregate(plan.leaves(node), by, sums, columns, "sums of " .. plan.listed(names))
  local label = schema_.label(schema, by)
  if label then total = steps.derive(total, label, steps.value(options.name or "Total"), "the name of the total") end
  total = steps.derive(total, schema_.MARKS, steps.value(true), "it is a total")
  return plan.append({ node, total }, schema_.changed(schema, { marks = true }))
end
