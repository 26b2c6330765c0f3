--- `t:levels { level = { "UG", "PGT", "PGR" } }`: declares the order in which the values of text columns go. Groups,
-- pivoted columns and sorts follow it. A value that is not among the levels is an error when the table is run.

local error_ = require "tally.error"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

return function(node, orders)
  if type(orders) ~= "table" then
    error_.throw("type", "levels takes a table: levels { level = { \"UG\", \"PGT\" } }")
  end
  local names = {}
  for name in pairs(orders) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    local column = schema_.need(node.schema, name, "a key of levels")
    if column.type ~= "text" then
      error_.throw("type", ("levels are for text, but column '%s' is %s"):format(name, column.type))
    end
    if type(orders[name]) ~= "table" then
      error_.throw("type", ("the levels of '%s' must be a list of texts, not %s"):format(name,
        schema_.shown(orders[name])))
    end
    node = plan.levels(node, name, orders[name])
  end
  return node
end
