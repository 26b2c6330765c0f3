--- Plain tables that print well: what a Table tells of itself is an ordinary table with a `__tostring`, and nothing
-- else.
-- @module tally.shown

local number = require "tally.number"
local width = require "tally.width"

local M = {}

-- A function that makes tables print as `text_of` says.
local function printed_by(text_of)
  local meta = { __tostring = text_of }
  return function(t) return setmetatable(t, meta) end
end

--- A list of texts: "year, level, students".
M.list = printed_by(function(t)
  local texts = {}
  for i, text in ipairs(t) do texts[i] = width.safe(tostring(text)) end
  return #texts > 0 and table.concat(texts, ", ") or "(none)"
end)

--- Metadata, a line for each: "Title: Table 1 - HE student enrolments".
M.metadata = printed_by(function(t)
  local lines = {}
  for i, pair in ipairs(t) do
    lines[i] = width.safe(pair.key and pair.value and pair.key .. ": " .. pair.value or pair.key or pair.value or "")
  end
  return #lines > 0 and table.concat(lines, "\n") or "(no metadata)"
end)

--- What a join left without a match.
M.unmatched = printed_by(function(t)
  return ("left: %s without a match, %s with several\nright: %s without a match"):format(number.count(t.left, "row"),
    number.format(t.repeated), number.count(t.right, "row"))
end)

return M
