--- The cells of a column as texts that can stand under one another.
--
-- One column, one look: numbers share their decimals, counts have thousands separated, years and identifiers do not, a
-- missing value shows the symbol that was published for it.
--
-- @module tally.cells

local number = require "tally.number"
local schema_ = require "tally.schema"
local width = require "tally.width"
local years = require "tally.years"

local cells = {}

--- What stands for a missing value without a published symbol.
cells.missing = "·"

--- Integers are printed plain when the name says that they are keys, or when it says that they are years and they look
-- it.
-- @param name
-- @param values an array with its length in `n`
-- @return a boolean
function cells.prints_plain(name, values)
  if schema_.is_code(name) then return true end
  if not years.is_name(name) then return false end
  for i = 1, values.n do
    local value = values[i]
    if value and not (years.is_calendar(value) or years.is_academic(value)) then return false end
  end
  return true
end

-- No more decimals than any value needs; two are enough, and four leading digits where all values are below one.
local function shared_decimals(values)
  local needed, largest = 0, 0
  for i = 1, values.n do
    local value = values[i]
    if value and value == value and math.abs(value) < math.huge then
      needed = math.max(needed, number.decimals(value))
      largest = math.max(largest, math.abs(value))
    end
  end
  local most = 2
  if largest > 0 and largest < 1 then most = 4 + math.min(math.floor(-math.log(largest) / math.log(10)), 8) end
  return math.min(needed, most)
end

-- What turns a value of the column, in this row, into text.
local function formatter(name, type_, values, plain_rows)
  if type_ == "integer" then
    local plain = cells.prints_plain(name, values)
    return function(value) return type(value) == "number" and number.format(value, 0, plain) or value end
  elseif type_ == "number" then
    local decimals = shared_decimals(values)
    return function(value, row)
      if plain_rows and plain_rows[row] then return number.visible(value, math.min(number.decimals(value), 2), true) end
      return number.visible(value, decimals)
    end
  elseif type_ == "text" then
    return width.safe
  end
  return tostring
end

--- True for the types whose cells stand to the right.
-- @param type_ the name of a type
-- @return a boolean
function cells.is_numeric(type_)
  return type_ == "integer" or type_ == "number"
end

--- The cells of a column.
-- @param column a core column, of as many rows as are shown
-- @param name its name, which tells years from counts
-- @param[opt] plain_rows { [row] = true } where numbers are years or identifiers
-- @return an array of texts
function cells.texts(column, name, plain_rows)
  local values = column:values()
  local format = formatter(name, column:type(), values, plain_rows)
  local texts = {}
  for i = 1, values.n do
    local value = values[i]
    texts[i] = value ~= nil and format(value, i) or value == nil and width.safe(column:reason(i) or cells.missing)
  end
  return texts
end

return cells
