--- How the rows of two joined tables match one another: which keys occur twice where none may.
-- @module tally.matches

local error_ = require "tally.error"
local rows_ = require "tally.rows"
local schema_ = require "tally.schema"

local M = {}

local ROWS = "rows of one key"

-- The keys that occur more than once in a table of the engine, each in one row.
local function repeated_keys(core_table, keys)
  local counts = core_table:run { steps = {}, keys = keys, aggregates = { { name = ROWS, func = "count" } } }
  return counts:filter { "call", ">", { "column", ROWS }, { "value", 1, "integer" } }
end

-- The rows of a table that match a row of another.
local function matching(core_table, other, keys, other_keys, match_missing)
  local options = { kind = "semi", left = keys, right = other_keys, match_missing = match_missing }
  return (core_table:join(other, options))
end

-- "UKPRN '10007774' and year 2019"
local function shown_key(core_table, keys)
  local row, parts = rows_.row(core_table, keys, 1), {}
  for i, name in ipairs(keys) do parts[i] = ("%s %s"):format(name, schema_.shown(row[name])) end
  return table.concat(parts, " and ")
end

-- An error when a key of one side occurs there more than once and matches the other side.
local function check_side(side, core_table, other, keys, other_keys, join)
  local twice = repeated_keys(core_table, keys)
  if twice:rows() == 0 then return end
  twice = matching(twice, other, keys, other_keys, join.match_missing)
  if twice:rows() == 0 then return end
  local more = twice:rows() > 1 and (", and %d more key%s occur%s twice or more"):format(twice:rows() - 1,
    twice:rows() > 2 and "s" or "", twice:rows() > 2 and "" or "s") or ""
  error_.throw("shape", ("the join is to be %s, but two rows of the %s table have %s%s: what they match would come "
    .. "twice, and be counted twice; keep one row for each key, as distinct(%s) does, or say another relationship")
    :format(join.relationship, side, shown_key(twice, keys), more, ("%q"):format(keys[1])))
end

--- Checks that rows match as the option `relationship` of a join says. A repeated key that matches nothing does no
-- harm.
-- @param left a table of the engine
-- @param right
-- @tparam table join { left = keys, right = keys, match_missing =, relationship = }
function M.check(left, right, join)
  local relationship = join.relationship
  if relationship == "one-to-one" or relationship == "many-to-one" then
    check_side("right", right, left, join.right, join.left, join)
  end
  if relationship == "one-to-one" or relationship == "one-to-many" then
    check_side("left", left, right, join.left, join.right, join)
  end
end

return M
