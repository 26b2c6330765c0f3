--- Formulas: Lua's expression syntax over the names of columns, parsed into a tree. Nothing is ever executed as Lua.
--
--     share = percent(`Total Non-UK`, Total)      assignment; backticks quote a name with blanks
--     year >= 2015 and level in {'UG', 'PGT'}     `not in` is there too
--     country == $c                               a value that comes from outside, by name
--     sum(students where domicile == 'China')     `where` inside an aggregate
--     fee == nil                                  is it missing?
--
-- A tree is made of nodes: `tag`, and `at`, the byte of the formula at which it stands.
--
--     { tag = "name", name = }                    a column
--     { tag = "value", value =, type = }          a literal
--     { tag = "missing" }                         nil
--     { tag = "parameter", name = }               $name
--     { tag = "call", func =, ..., where = }      a function, an aggregate or an operator; a minus sign is "neg"
--
-- The names are not looked up here, and types are not known: that is `tally.check`.
-- @module tally.formula

local error_ = require "tally.error"

local M = {}

local SIZE_MOST = 65536 -- bytes of a formula

-- ---- Faults ----

-- The line of the source in which the fault lies, what of it is shown, and where the caret goes.
local function excerpt(source, at, start)
  local from = start
  for newline in source:sub(1, at - 1):gmatch "()\n" do from = math.max(from, newline + 1) end
  local line = source:sub(from):match "^[^\n]*"
  local before = source:sub(from, at - 1)
  if #before > 100 then
    local cut = #before - 60
    line, before = "..." .. line:sub(cut + 1), "..." .. before:sub(cut + 1)
  end
  if #line > #before + 80 then line = line:sub(1, #before + 60) .. "..." end
  local columns = #before:gsub("[\128-\191]", "")
  return line:gsub("%c", " "), (" "):rep(columns)
end

-- The line and the column of a byte.
local function place_of(source, at)
  local _, breaks = source:sub(1, at - 1):gsub("\n", "")
  return breaks + 1, #source:sub(1, at - 1):match "[^\n]*$" + 1
end

--- Raises an error that shows the formula with a caret under the fault.
-- @tparam table formula what `parse` gave, or a table with its `source`
-- @tparam number at the byte at fault
-- @tparam string kind
-- @tparam string message
function M.fault(formula, at, kind, message)
  local start = formula.start or 1
  local line, blanks = excerpt(formula.source, at, at >= start and start or 1)
  local fields = { formula = formula.source }
  fields.line, fields.column = place_of(formula.source, at)
  error_.throw(kind, ("%s\n  %s\n  %s^"):format(message, line, blanks), fields)
end

-- ---- The door ----

--- Parses a formula.
-- @tparam string source
-- @treturn table { source =, name = (what is assigned, or nil), start = (where the expression begins), tree = }
function M.parse(source)
  if #source > SIZE_MOST then
    error_.throw("syntax", ("the formula has %d bytes: at most %d"):format(#source, SIZE_MOST))
  end
  local state = { source = source, depth = 0, start = source:match "^%s*()" }
  local parts = require "tally.grammar"(source, state)
  local target = parts[1] or {}
  return { source = source, name = target[1], start = state.start, tree = parts[2] }
end

return M
