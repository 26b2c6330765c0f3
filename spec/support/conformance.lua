-- An adapter for drivers that score CSV readers: one JSON object a line in, { "file": path, "params": { the dialect } }, one a line out, with
-- every cell as text.
--
--     driver.py --batch './spec/support/conformance'        (the script beside this file sets the paths)
--
-- TALLY_READER=lax asks for the tolerant reader, which reads on past a quote that is never closed.

local core = require "tally.core"

local function quoted(text)
  return '"' .. text:gsub('[%z\1-\31\\"]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

-- ---- rows as long as they are in the file ----
--
-- A table has as many columns in every row. What a row lacks, or has beyond them, stands among the problems.

local function line_ends(text)
  local _, count = text:gsub("\r\n?", "\n"):gsub("\n", "")
  return count
end

-- The fields of a text that has no quotes; nil when it has, or when it was cut.
local function plain_fields(text, separator)
  if text:find('"', 1, true) or #text >= 120 then return nil end
  local fields = {}
  for field in (text .. separator):gmatch("(.-)%" .. separator) do fields[#fields + 1] = field end
  return fields
end

-- { [line] = { what =, text = } } of the problems that concern lengths, and { [line] = true } of lines that are no rows.
local function lengths_of(problems)
  local line, what, text = problems:column "line", problems:column "what", problems:column "text"
  local lengths, blank = {}, {}
  for i = 1, problems:rows() do
    local kind = what:value(i)
    if kind == "blank line skipped" then blank[line:value(i)] = true end
    if kind:find "^row has too" then lengths[line:value(i)] = { what = kind, text = text:value(i) } end
  end
  return lengths, blank
end

local function fit(cells, length, separator)
  local fields = length and plain_fields(length.text, separator)
  if not fields then return cells end
  if length.what == "row has too few fields" then return { table.unpack(cells, 1, #fields) } end
  return table.move(fields, 1, #fields, #cells + 1, cells)
end

local function row_of(columns, i)
  local cells = {}
  for j, column in ipairs(columns) do cells[j] = column:value(i) or "" end
  return cells
end

local function rows_of(reading, first_line)
  local t, separator = reading:table(), reading:facts().separator
  local lengths, blank = lengths_of(reading:problems())
  local columns, rows, line = {}, {}, first_line
  for j = 1, #t:names() do columns[j] = t:column(j) end
  for i = 1, t:rows() do
    while blank[line] do line = line + 1 end
    local cells = row_of(columns, i)
    local next_line = line + 1 + line_ends(table.concat(cells))
    cells = fit(cells, lengths[line], separator)
    for j, cell in ipairs(cells) do cells[j] = quoted(cell) end
    rows[i] = "[" .. table.concat(cells, ",") .. "]"
    line = next_line
  end
  return table.concat(rows, ",")
end

local function problems_of(t)
  local line, what, list = t:column "line", t:column "what", {}
  for i = 1, t:rows() do list[i] = ('{"line":%d,"what":%s}'):format(line:value(i) or 0, quoted(what:value(i))) end
  return table.concat(list, ",")
end

-- A text among the parameters, which are one character each or a name.
local function text_of(request, key)
  local text = request:match('"' .. key .. '"%s*:%s*"(\\?.-)"[,}]')
  if text == "" or not text then return nil end
  local plain = { t = "\t", n = "\n", r = "\r" }
  return (text:gsub("\\(.)", function(c) return plain[c] or c end))
end

local function options_of(request)
  local quote, escape = text_of(request, "quotechar"), text_of(request, "escapechar")
  return {
    all_text = true, header = "none", trim = false, reader = os.getenv "TALLY_READER",
    separator = text_of(request, "delimiter"), quote = quote,
    encoding = (text_of(request, "encoding") or "utf-8"):gsub("latin%-1", "latin1"),
    skip = tonumber(request:match '"preamble_lines"%s*:%s*(%d+)'),
    escape = escape ~= quote and escape or nil,
  }
end

-- A file without a byte of data has no rows; tally refuses it, since nobody publishes one on purpose.
local function answer(request)
  local options = options_of(request)
  local ok, reading = pcall(core.read_csv, { path = text_of(request, "file") }, options)
  if not ok and reading.message:find("^is empty") then return '{"rows":[]}' end
  if not ok then return ('{"error":%s}'):format(quoted(tostring(reading.message or reading))) end
  return ('{"rows":[%s],"problems":[%s]}'):format(rows_of(reading, 1 + (options.skip or 0)), problems_of(reading:problems()))
end

for request in io.lines() do
  io.write(answer(request), "\n")
  io.flush()
end
