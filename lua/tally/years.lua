--- Which integers are years. A column of them is neither added up nor printed with thousands separated, and 201920 is
-- the academic year 2019/20, which is never compared with a calendar year.
--
-- @module tally.years

local years = {}

--- What a column of academic years such as 201920 is like, whatever its name; of calendar years.
years.ACADEMIC, years.CALENDAR = "academic year", "year"

-- Words in the names of columns that say the time of a row.
local words = {
  year = true, years = true, yr = true, y = true, fy = true, cycle = true, period = true, session = true,
}

--- Does a name say that a column may hold years? Its values tell.
-- @param name
-- @return a boolean
function years.is_name(name)
  for word in name:lower():gmatch "%a+" do
    if words[word] then return true end
  end
  return false
end

--- @param value an integer
-- @return a boolean
function years.is_calendar(value)
  return value >= 1000 and value <= 2999
end

--- Is it two years that follow one another, as 201920?
-- @param value an integer
-- @return a boolean
function years.is_academic(value)
  local first = math.floor(value / 100)
  return years.is_calendar(first) and value % 100 == (first + 1) % 100
end

local function first_known(column)
  for row = 1, column:length() do
    local value = column:value(row)
    if value ~= nil then return value end
  end
end

-- The integers of a column counted: all, the academic years among them, the different ones; the least and the largest.
local function look(core_table, name)
  local column, aggregates = { "column", name }, {}
  local function ask(label, func, argument)
    aggregates[#aggregates + 1] = { name = label, func = func, argument = argument }
  end
  ask("known", "count", column)
  ask("academic", "count", { "call", "start_year", column })
  ask("different", "distinct", column)
  ask("least", "min", column)
  ask("most", "max", column)
  local found, seen = core_table:run { steps = {}, aggregates = aggregates }, {}
  for i, item in ipairs(aggregates) do seen[item.name] = found:column(i):value(1) end
  return seen
end

--- What the integers of a column are. Most columns are left after a look at their first value.
-- @param core_table a table of the engine
-- @param name of a column of integers
-- @return `years.ACADEMIC`, `years.CALENDAR`, or nil: no years, as far as name and values tell
function years.kind(core_table, name)
  local first, named = first_known(core_table:column(name)), years.is_name(name)
  if not first or not (years.is_academic(first) or named and years.is_calendar(first)) then return nil end
  local seen = look(core_table, name)
  if seen.academic == seen.known and (named or seen.different > 1) then return years.ACADEMIC end
  if named and years.is_calendar(seen.least) and years.is_calendar(seen.most) then return years.CALENDAR end
end

return years
