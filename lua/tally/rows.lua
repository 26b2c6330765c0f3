--- Values of the engine's tables as Lua values: rows one by one, and columns made from what a function gives.
-- Rows are fetched some thousands at a time, so that going through a table costs no memory to speak of.
-- @module tally.rows

local core = require "tally.core"
local error_ = require "tally.error"
local lazy = require "tally.lazy"
local check = lazy "tally.check"

local M = {}

local BATCH = 4096

--- One row as a table { [name] = value }; a missing value is nil.
-- @param core_table
-- @tparam {string,...} names
-- @tparam number number
function M.row(core_table, names, number)
  local row = {}
  for _, name in ipairs(names) do row[name] = core_table:column(name):value(number) end
  return row
end

--- Goes through the rows: gives the row and its number.
-- @param core_table
-- @tparam {string,...} names
-- @treturn function an iterator
function M.each(core_table, names)
  local columns, batch, number, rows = {}, {}, 0, core_table:rows()
  for i, name in ipairs(names) do columns[i] = core_table:column(name) end
  return function()
    if number >= rows then return nil end
    local place = number % BATCH
    if place == 0 then
      for i, column in ipairs(columns) do batch[i] = column:values(number + 1, math.min(number + BATCH, rows)) end
    end
    number = number + 1
    local row = {}
    for i, name in ipairs(names) do row[name] = batch[i][place + 1] end
    return row, number
  end
end

--- What a function gives for each row, as an array with its length in `n`.
function M.computed(core_table, names, value)
  local values = { n = core_table:rows() }
  for row, number in M.each(core_table, names) do values[number] = value(row) end
  return values
end

local function united(a, b)
  if a == nil or a == b then return b end
  if (a == "integer" or a == "number") and (b == "integer" or b == "number") then return "number" end
end

--- The type that holds all values of an array.
-- @tparam table values with its length in `n`
-- @tparam string name of the column, for messages
-- @tparam string unknown the type when all are missing
-- @treturn string
function M.type_of(values, name, unknown)
  local kind
  for i = 1, values.n do
    local value = values[i]
    if value ~= nil then
      local own = check.type_of_value(value)
      local both = own and united(kind, own)
      if not both then
        error_.throw("type", ("column '%s' has a %s in row %d%s"):format(name, own or type(value), i,
          own and (", but %s before it: values of one column need one type"):format(kind)
            or ": a value is a number, a text, true or false"))
      end
      kind = both
    end
  end
  return kind or unknown
end

--- A column of a type from an array; a value of another type is named with its row.
-- @tparam string kind
-- @tparam table values with its length in `n`
-- @tparam string name of the column, for messages
-- @return a column of the engine
function M.column(kind, values, name)
  if kind ~= "date" then
    for i = 1, values.n do
      local own = values[i] ~= nil and check.type_of_value(values[i]) or nil
      if values[i] ~= nil and own ~= kind and united(own, kind) ~= kind then
        error_.throw("type", ("column '%s' is to be %s, but row %d has a %s"):format(name, kind, i, own
          or type(values[i])))
      end
    end
  end
  return core.column(kind, values, values.n)
end

return M
