--- Numbers as text for people.
--
-- The digits are those of the shortest decimal that stands for the number, and rounding goes by these digits, halves
-- away from zero: 0.125 with two decimals is 0.13, and 2.675 is 2.68, as on paper. Nothing here goes through `%f`,
-- whose halves depend on binary dust.
--
--     number.format(2383985)          --> "2,383,985"
--     number.format(18.865, 2)        --> "18.87"
--     number.format(-0.4, 0)          --> "0"
--
-- @module tally.number

local core = require "tally.core"

local number = {}

-- The sign ("-" or ""), the digits without a point, and how many of them stand before the point; nil for infinities and
-- NaN.
local function digits_of(value)
  local sign, whole, fraction, exponent = core.format_number(value):match "^(%-?)(%d+)%.?(%d*)[eE]?([+-]?%d*)$"
  if not sign then return nil end
  return sign, whole .. fraction, #whole + (tonumber(exponent) or 0)
end

-- The digits plus one in the last place; one digit longer when all were nines.
local function increment(digits)
  local head, nines = digits:match "^(%d-)(9*)$"
  local zeros = ("0"):rep(#nines)
  if head == "" then return "1" .. zeros end
  return head:sub(1, -2) .. string.char(head:byte(-1) + 1) .. zeros
end

-- The first `keep` digits, halves up; may come out one longer.
local function rounded(digits, keep)
  if keep < 0 then return "" end
  local kept = digits:sub(1, keep)
  if keep >= #digits then return kept .. ("0"):rep(keep - #digits) end
  return digits:byte(keep + 1) >= 53 and increment(kept) or kept
end

local function separated(whole)
  local grouped = whole:reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (grouped:gsub("^,", ""))
end

--- How many decimals a number needs to be written in full.
-- @param value a number
-- @return a count; 0 for infinities and NaN
function number.decimals(value)
  local _, digits, point = digits_of(value)
  if not digits then return 0 end
  return math.max(#digits:gsub("0+$", "") - point, 0)
end

--- A number as text.
-- @param value a number
-- @param[opt=0] decimals how many; fewer digits are filled up with zeros, more are rounded half up
-- @param[opt=false] plain true: no thousands separators
-- @return text
function number.format(value, decimals, plain)
  local sign, digits, point = digits_of(value)
  if not sign then return core.format_number(value) end
  decimals = decimals or 0
  local text = rounded(("0"):rep(-point) .. digits, math.max(point, 0) + decimals)
  text = ("0"):rep(decimals + 1 - #text) .. text
  local whole, fraction = text:sub(1, #text - decimals), text:sub(#text - decimals + 1)
  whole = whole:gsub("^0+(%d)", "%1")
  if not text:find "[1-9]" then sign = "" end
  return sign .. (plain and whole or separated(whole)) .. (decimals > 0 and "." .. fraction or "")
end

-- The digits that count, at most two, and the decimal place of the first of them.
local function leading(value)
  local sign, digits, point = digits_of(value)
  local zeros = #digits:match "^0*"
  local kept = rounded(digits:sub(zeros + 1), 2)
  return sign, kept:gsub("0+$", ""), zeros - point + (#kept == 3 and 0 or 1)
end

--- A number as text that is never 0 when the number is not: what is too small for the decimals has more of them, or is
-- written "1e-9".
-- @param value a number
-- @param[opt=0] decimals as in @{format}
-- @param[opt=false] plain as in @{format}
-- @return text
function number.visible(value, decimals, plain)
  local text = number.format(value, decimals, plain)
  if value == 0 or not text:find "^[0.]+$" then return text end
  local sign, digits, place = leading(value)
  if place <= 6 then return number.format(value, place + #digits - 1, plain) end
  return ("%s%s%s%se-%d"):format(sign, digits:sub(1, 1), #digits > 1 and "." or "", digits:sub(2), place)
end

--- A count and its noun: "1 row", "2,383 rows".
-- @param count a whole number
-- @param noun the singular
-- @param[opt] plural where it is not noun .. "s"
-- @return text
function number.count(count, noun, plural)
  return number.format(count) .. " " .. (count == 1 and noun or plural or noun .. "s")
end

--- Is this a whole number, integer or not?
-- @param value anything
-- @return a boolean
function number.is_whole(value)
  return type(value) == "number" and value % 1 == 0
end

return number
