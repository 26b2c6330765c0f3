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

local function row_of(columns, i)
  local cells = {}
  for j, column in ipairs(columns) do cells[j] = quoted(column:value(i) or "") end
  return "[" .. table.concat(cells, ",") .. "]"
end

local function rows_of(t)
  local columns, rows = {}, {}
  for j = 1, #t:names() do columns[j] = t:column(j) end
  for i = 1, t:rows() do rows[i] = row_of(columns, i) end
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
  local ok, reading = pcall(core.read_csv, { path = text_of(request, "file") }, options_of(request))
  if not ok and reading.message == "is empty" then return '{"rows":[]}' end
  if not ok then return ('{"error":%s}'):format(quoted(tostring(reading.message or reading))) end
  return ('{"rows":[%s],"problems":[%s]}'):format(rows_of(reading:table()), problems_of(reading:problems()))
end

for request in io.lines() do
  io.write(answer(request), "\n")
  io.flush()
end
