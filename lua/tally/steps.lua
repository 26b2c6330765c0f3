--- Short sequences of plan nodes that several verbs need.
-- Columns that are only needed on the way have names in brackets, which explain() shows, and are left out at the end.
-- @module tally.steps

local check = require "tally.check"
local core = require "tally.core"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

local M = {}

--- An expression of the engine: a column, a plain value, a call.
function M.column(name) return { "column", name } end
function M.value(value) return { "value", value, check.type_of_value(value) } end
function M.call(func, ...) return { "call", func, ... } end
M.missing = { "missing" }

local function type_of(schema, expression)
  if expression[1] == "column" then return schema_.find(schema, expression[2]).type end
  if expression[1] == "value" then return expression[3] end
  if expression[1] == "missing" then return "missing" end
  local types = {}
  for i = 3, #expression do types[#types + 1] = type_of(schema, expression[i]) end
  return core.function_type(expression[2], types)
end

--- A column from an expression that needs no check.
-- @param node
-- @tparam string name
-- @tparam table expression
-- @tparam string text
-- @tparam[opt] boolean additive
function M.derive(node, name, expression, text, additive)
  local column = { name = name, type = type_of(node.schema, expression), additive = additive }
  return plan.derive(node, column, expression, text)
end

--- A column that is only needed on the way; its name.
function M.derive_hidden(node, what, expression)
  local name = schema_.fresh(node.schema, ("(%s)"):format(what))
  return M.derive(node, name, expression, what), name
end

--- A window that is only needed on the way; its name.
function M.window_hidden(node, what, func, column, by, offset)
  local name = schema_.fresh(node.schema, ("(%s)"):format(what))
  return plan.window(node, { name = name, func = func, column = column, by = by, offset = offset }), name
end

--- A column's values where the row is not a total; the column itself when there are no marks. Its name.
function M.leaf_values(node, name)
  if not node.schema.marks then return node, name end
  return M.derive_hidden(node, name .. " without totals",
    M.call("if_else", M.column(schema_.MARKS), M.missing, M.column(name)))
end

--- Only the columns of `schema`, and those named after it.
function M.only(node, schema, ...)
  local names = schema_.names(schema)
  for _, name in ipairs { ... } do
    if not schema_.find(schema, name) then names[#names + 1] = name end
  end
  return plan.select(node, names)
end

--- The rows first to last of each group, counted from its end when negative; of the table without groups.
function M.slice(node, first, last, by)
  if #by == 0 then return plan.slice(node, first, last) end
  local result, number = M.window_hidden(node, "row in its group", "row_number", nil, by)
  local place = { first, last }
  local rows
  if first < 0 or last < 0 then result, rows = M.window_hidden(result, "rows of its group", "count", nil, by) end
  for i, bound in ipairs(place) do
    place[i] = bound >= 0 and M.value(bound) or M.call("+", M.column(rows), M.value(bound + 1))
  end
  local keep = M.call("and", M.call(">=", M.column(number), place[1]), M.call("<=", M.column(number), place[2]))
  result = plan.filter(result, keep, ("they are number %d to %d of each %s"):format(first, last, plan.listed(by)))
  return M.only(result, node.schema)
end

return M
