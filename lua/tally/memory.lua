--- How the columns of a table are held, and how much memory they take.
-- @module tally.memory

local number = require "tally.number"
local run = require "tally.run"
local schema_ = require "tally.schema"

local widths = { boolean = "1 bit each", integer = "64 bits each", number = "64 bits each", date = "32 bits each" }

local function held(column)
  if widths[column:type()] then return widths[column:type()] end
  local words = column:dictionary()
  if not words then return "texts end to end" end
  return ("32 bits each, codes of %s"):format(number.count(#words, "text"))
end

--- One row for each column: column, type, held, bytes. What two columns share is counted with both.
-- @tparam table plan
-- @treturn Table
return function(plan)
  local rows = { { "column", {} }, { "type", {} }, { "held", {} }, { "bytes", {} } }
  local core_table = run.run(plan)
  for i, name in ipairs(schema_.names(plan.schema)) do
    local column = core_table:column(name)
    rows[1][2][i], rows[2][2][i], rows[3][2][i], rows[4][2][i] = name, column:type(), held(column), column:bytes()
  end
  return require("tally.values").from_columns(rows, { types = { column = "text", type = "text", held = "text",
    bytes = "integer" } })
end
