--- Tables from plain Lua values.
-- @module tally.values

local core = require "tally.core"
local error_ = require "tally.error"
local number_ = require "tally.number"
local options_ = require "tally.options"
local rows_ = require "tally.rows"
local schema_ = require "tally.schema"
local table_ = require "tally.table"

local M = {}

-- The table of named arrays, each with its length in `n`.
local function build(names, arrays, rows, types)
  local seen, columns = {}, {}
  for i, name in ipairs(names) do
    if type(name) ~= "string" or name == "" then
      error_.throw("type", ("the name of column %d must be a text that is not empty, not %s"):format(i,
        schema_.shown(name)))
    end
    if seen[name] then error_.throw("name", ("two columns are called '%s'"):format(name)) end
    seen[name] = true
    local kind = types[name] or rows_.type_of(arrays[i], name, name == schema_.MARKS and "boolean" or "text")
    columns[i] = rows_.column(kind, arrays[i], name)
  end
  for name in pairs(types) do
    if not seen[name] then
      error_.throw("name", ("a type is given for column %s, which is not there"):format(schema_.shown(name)))
    end
  end
  return core.table(names, columns, rows)
end

-- The names that occur in the rows, in the order of the alphabet: a Lua table keeps no order of its own.
local function names_of(rows)
  local seen, names = {}, {}
  for number, row in ipairs(rows) do
    if type(row) ~= "table" then
      error_.throw("type", ("row %d is %s: a row is a table"):format(number, schema_.shown(row)))
    end
    for name in pairs(row) do
      if type(name) ~= "string" then
        error_.throw("type", ("row %d has a value without a name: a row is { level = \"UG\", n = 75 }"):format(number))
      end
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
  end
  table.sort(names)
  return names
end

local function check_columns(names, columns)
  local wanted = {}
  for _, name in ipairs(columns) do wanted[name] = true end
  for _, name in ipairs(names) do
    if not wanted[name] then
      error_.throw("name", ("the rows have a value '%s' that is not among the columns"):format(name))
    end
  end
  return columns
end

--- A table from rows: `tally.from_rows { { level = "UG", n = 75 }, { level = "PGT", n = 12 } }`. A value that is not
-- there is missing. Columns go in the order of the alphabet, since Lua keeps none, or in that of option `columns`.
-- @tparam {table,...} rows
-- @tparam[opt] table options columns = {names in order}, types = { name = "text" }
-- @treturn Table
function M.from_rows(rows, options)
  options = options_.check("from_rows", options, { columns = "any", types = "any" })
  if type(rows) ~= "table" then
    error_.throw("type", ("from_rows takes a list of rows, not %s"):format(schema_.shown(rows)))
  end
  local names, arrays, count = names_of(rows), {}, #rows
  if options.columns then names = check_columns(names, options.columns) end
  for i, name in ipairs(names) do
    local values = { n = count }
    for number = 1, count do values[number] = rows[number][name] end
    arrays[i] = values
  end
  return table_.from_core(build(names, arrays, count, options.types or {}), {})
end

-- The length of an array: its `n`, or the last place that holds a value.
local function length_of(values)
  if values.n then return values.n end
  local last = 0
  for place in pairs(values) do
    if type(place) == "number" and place > last then last = place end
  end
  return last
end

local function check_pair(pair, i)
  if type(pair) == "table" and type(pair[2]) == "table" then return end
  error_.throw("type", ("column %d must be a name and its values, as in { \"n\", { 75, 12 } }"):format(i))
end

--- A table from columns: `tally.from_columns { { "level", { "UG", "PGT" } }, { "n", { 75, 12 } } }`. A hole in an
-- array is missing; holes at its end need the length in `n`.
-- @tparam {table,...} columns pairs of a name and an array
-- @tparam[opt] table options types = { name = "text" }
-- @treturn Table
function M.from_columns(columns, options)
  options = options_.check("from_columns", options, { types = "any" })
  if type(columns) ~= "table" then
    error_.throw("type", ("from_columns takes a list of columns, not %s"):format(schema_.shown(columns)))
  end
  if columns[1] == nil and next(columns) ~= nil then
    error_.throw("shape", "from_columns takes columns in order, as in { { \"n\", { 75, 12 } } }: a Lua table keeps no "
      .. "order of names")
  end
  local names, arrays, rows = {}, {}, nil
  for i, pair in ipairs(columns) do
    check_pair(pair, i)
    names[i] = pair[1]
    local values = { n = length_of(pair[2]) }
    rows = rows or values.n
    if values.n ~= rows then
      error_.throw("shape", ("column %s has %s, but column %s has %d%s"):format(schema_.shown(pair[1]),
        number_.count(values.n, "value"),
        schema_.shown(names[1]), rows, pair[2].n and columns[1][2].n and ""
          or ": where the last values are missing say how many there are, as in { 75, n = 2 }"))
    end
    for place = 1, values.n do values[place] = pair[2][place] end
    arrays[i] = values
  end
  rows = rows or 0
  return table_.from_core(build(names, arrays, rows, options.types or {}), {})
end

return M
