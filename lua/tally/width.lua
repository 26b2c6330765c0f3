--- Text in a terminal: how many columns it takes, cut, padded, wrapped, and made safe to show.
--
-- Combining marks take no column, wide CJK and emoji two, everything else one: what terminals do, roughly.
--
-- @module tally.width

local width = {}

-- Code points that take no column or two, as ranges.
local none = { { 0x300, 0x36F }, { 0x1AB0, 0x1AFF }, { 0x200B, 0x200F }, { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F } }
local two = {
  { 0x1100, 0x115F }, { 0x2E80, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F },
  { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1FAFF }, { 0x20000, 0x3FFFD },
}

local character = "[\1-\127\194-\244][\128-\191]*"

local function code_point(bytes)
  local first = bytes:byte()
  if first < 128 then return first end
  local code = first < 224 and first - 192 or first < 240 and first - 224 or first - 240
  for i = 2, #bytes do code = code * 64 + bytes:byte(i) - 128 end
  return code
end

local function within(code, ranges)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then return true end
  end
  return false
end

local function character_width(bytes)
  if #bytes == 1 then return 1 end
  local code = code_point(bytes)
  return within(code, none) and 0 or within(code, two) and 2 or 1
end

--- The columns a text takes.
-- @param text UTF-8
-- @return a count
function width.of(text)
  if not text:find "[\128-\255]" then return #text end
  local columns = 0
  for bytes in text:gmatch(character) do columns = columns + character_width(bytes) end
  return columns
end

--- The text, cut with an ellipsis when it takes more columns than `columns`.
-- @param text UTF-8
-- @param columns at least 1
-- @return text
function width.cut(text, columns)
  if width.of(text) <= columns then return text end
  local kept, taken = {}, 0
  for bytes in text:gmatch(character) do
    taken = taken + character_width(bytes)
    if taken > columns - 1 then break end
    kept[#kept + 1] = bytes
  end
  return (table.concat(kept):gsub(" +$", "")) .. "…"
end

--- The text, cut in its middle with an ellipsis when it takes more columns than `columns`: "dt051-…-2021.csv".
-- @param text UTF-8
-- @param columns at least 1
-- @return text
function width.cut_middle(text, columns)
  local all = width.of(text)
  if all <= columns then return text end
  local head, tail, taken = {}, {}, 0
  local before, from = math.floor((columns - 1) / 2), all - math.ceil((columns - 1) / 2)
  for bytes in text:gmatch(character) do
    local start = taken
    taken = taken + character_width(bytes)
    if taken <= before then head[#head + 1] = bytes end
    if start >= from then tail[#tail + 1] = bytes end
  end
  return (table.concat(head):gsub(" +$", "")) .. "…" .. (table.concat(tail):gsub("^ +", ""))
end

--- The text, filled with blanks to `columns`.
-- @param text UTF-8
-- @param columns the width wanted
-- @param[opt=false] right true: blanks before the text
-- @return text
function width.pad(text, columns, right)
  local blanks = (" "):rep(columns - width.of(text))
  return right and blanks .. text or text .. blanks
end

-- The words of a text, each with what joins it to the next: a blank, or nothing after an underscore.
local function words_of(text)
  local words = {}
  for word in text:gmatch "%S+" do
    for part in word:gsub("_(%a%a%a)", "_\n%1"):gmatch "[^\n]+" do words[#words + 1] = { text = part, joint = "" } end
    words[#words].joint = " "
  end
  return words
end

--- The words of a text in lines of at most `columns`; a longer word has a line of its own. Names may also be parted
-- behind an underscore.
-- @param text UTF-8
-- @param columns the width wanted
-- @return an array of lines, at least one
function width.wrap(text, columns)
  local lines, line, joint = {}, nil, ""
  for _, word in ipairs(words_of(text)) do
    if line and width.of(line) + #joint + width.of(word.text) <= columns then
      line = line .. joint .. word.text
    else
      lines[#lines + 1] = line
      line = word.text
    end
    joint = word.joint
  end
  lines[#lines + 1] = line or ""
  return lines
end

-- Control characters have pictures of their own in Unicode: U+2400 and on.
local function picture(byte)
  return byte == "\127" and "␡" or "\226\144" .. string.char(128 + byte:byte())
end

--- The text with every control character made visible, so that no data can steer the terminal.
-- @param text UTF-8
-- @return text
function width.safe(text)
  if not text:find "[%c\127\194]" then return text end
  text = text:gsub("[%c\127]", picture)
  return (text:gsub("\194[\128-\159]", "�"))
end

return width
