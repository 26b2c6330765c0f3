--- `t:fill("students", 0)` or `t:fill({ "a", "b" }, 0)`: a value in the place of missing ones. The reason why a
-- value was missing is gone with it: keep the table before, when the reason matters.

local check = require "tally.check"
local core = require "tally.core"
local error_ = require "tally.error"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

local function filled(node, name, value)
  local column = schema_.find(node.schema, name)
  local kind = check.type_of_value(value)
  if kind == "text" and column.type == "date" then kind = "date" end
  local ok, result = pcall(core.function_type, "coalesce", { column.type, kind })
  if not ok then
    error_.throw("type", ("column '%s' is %s: it cannot be filled with %s"):format(name, column.type,
      schema_.shown(value)))
  end
  return plan.derive(node, { name = name, type = result, additive = column.additive, like = column.like },
    { "call", "coalesce", { "column", name }, { "value", value, kind } }, ("%s where missing")
      :format(schema_.shown(value)))
end

return function(node, names, value)
  if not check.type_of_value(value) then
    error_.throw("type", ("fill needs the value to put in, not %s"):format(schema_.shown(value)))
  end
  for _, name in ipairs(schema_.need_all(node.schema, names, "fill")) do node = filled(node, name, value) end
  return node
end
