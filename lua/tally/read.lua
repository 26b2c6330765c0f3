--- Files read as they were published.
--
--     local students = tally.read_csv "dt051-table-1-20182019.csv"
--     local years = tally.read_csv "dt051-table-28-*.csv"   -- several files, bound by name, with a column `file`
--     local few = tally.read_csv { text = "level,n\nUG,75\n" }
--
-- The engine finds encoding, separator, preamble, header, types and symbols. This module names the options, reads
-- several files as one table, marks totals, and keeps where everything came from.
--
-- @module tally.read

local core = require "tally.core"
local error_ = require "tally.error"
local lazy = require "tally.lazy"
local number = require "tally.number"
local read_options = require "tally.read_options"
local totals = require "tally.totals"
local bind = lazy "tally.bind"

local read = {}

local function fail(kind, text, ...)
  error_.throw(kind, text:format(...))
end

-- ---- Inputs ----

local function base_name(path)
  return path:match "[^/]+$" or path
end

local standard_input = { input = { descriptor = 0, name = "(standard input)" }, name = "(standard input)" }

local function file_input(path)
  return { input = { path = path }, name = path }
end

local function bytes_input(bytes, name)
  return { input = { bytes = bytes, name = name }, name = name }
end

local function several_inputs(reader, paths)
  local inputs = {}
  for i, pattern in ipairs(paths) do
    if type(pattern) ~= "string" then
      fail("type", "%s: item %d of the files is a %s, not a path", reader, i, type(pattern))
    end
    for _, path in ipairs(core.glob(pattern)) do inputs[#inputs + 1] = file_input(path) end
  end
  return inputs, true
end

-- All that a function gives, piece by piece, until nil. With nil, file:read and its like give a message when they have
-- failed.
local function text_of_pieces(reader, next_piece)
  local pieces = {}
  while true do
    local piece, why = next_piece()
    if type(piece) == "string" then
      pieces[#pieces + 1] = piece
    elseif piece ~= nil then
      fail("type", "%s: the function gave a %s where a piece of text or nil was expected", reader, type(piece))
    elseif why ~= nil then
      fail("io", "%s: the function gave no more text: %s", reader, tostring(why))
    else
      return table.concat(pieces)
    end
  end
end

local function text_of_file(reader, file)
  local text, why = file:read "*a"
  if not text then fail("io", "%s: the open file cannot be read: %s", reader, tostring(why)) end
  return text
end

--- The inputs named by the first argument of a reader, and whether they are several files (a pattern names several even
-- when it matches one).
-- @param reader its name, for messages
-- @param input what the caller gave
-- @return an array of { input =, name = }, and a boolean
function read.inputs_of(reader, input)
  if input == "-" then return { standard_input }, false end
  if type(input) == "string" then
    local paths = core.glob(input)
    if #paths == 1 and paths[1] == input then return { file_input(input) }, false end
    return several_inputs(reader, { input })
  end
  if type(input) == "function" then return { bytes_input(text_of_pieces(reader, input), "(function)") }, false end
  if io.type(input) == "file" then return { bytes_input(text_of_file(reader, input), "(file)") }, false end
  if type(input) == "table" and type(input.text) == "string" then
    return { bytes_input(input.text, input.name or "(text)") }, false
  end
  if type(input) == "table" and #input > 0 then return several_inputs(reader, input) end
  fail("type", "%s: a path, a pattern such as \"table-*.csv\", { paths }, { text = \"…\" }, a function that gives text "
    .. "piece by piece, \"-\" or an open file expected, not %s", reader,
    type(input) == "table" and "this table" or tostring(input))
end

-- ---- One file ----

-- The preamble as an ordered list of { key =, value = } that can also be asked by key; what continues a key is joined
-- to it.
local function metadata_of(reading)
  local t = reading:metadata()
  local keys, values, metadata, last = t:column "key", t:column "value", {}, nil
  for i = 1, t:rows() do
    local key, text = keys:value(i), values:value(i)
    metadata[i] = { key = key, value = text }
    if key then
      last = key
      metadata[key] = text
    elseif last and text and metadata[last] then
      metadata[last] = metadata[last] .. "; " .. text
    end
  end
  return metadata
end

--- What is told of an input that was read.
-- @param input one of @{inputs_of}
-- @param reading of the engine
-- @return a table
function read.source_of(input, reading)
  local metadata = metadata_of(reading)
  return {
    path = input.name,
    title = metadata.Title,
    licence = metadata.Licence,
    rows = reading:table():rows(),
    facts = reading:facts(),
    metadata = metadata,
  }
end

-- Names for some columns only would leave it to chance which are which.
local function check_names(t, input, options)
  if not options.names or options.columns or #options.names == #t:names() then return end
  fail("shape", "%s: %s for %s: name them all, or use rename", input.name, number.count(#options.names, "name"),
    number.count(#t:names(), "column"))
end

-- What a reader found in one input.
local function read_part(input, read_one, options)
  local reading = read_one(input.input, options)
  check_names(reading:table(), input, options)
  return {
    input = input,
    name = input.name,
    table = reading:table(),
    problems = reading:problems(),
    source = read.source_of(input, reading),
  }
end

--- Reads again, with types, what must be of another type than it was taken for by itself.
-- @param parts what was read
-- @param options of the engine
-- @param again reads one input with options
-- @return parts
function read.agree_on_types(parts, options, again)
  local types = bind.types(parts)
  if next(types) == nil then return parts end
  for name, type_ in pairs(options.types or {}) do types[name] = type_ end
  for i, part in ipairs(parts) do
    local with = { types = {} }
    for name, option in pairs(options) do with[name] = with[name] or option end
    for _, name in ipairs(part.table:names()) do with.types[name] = types[name] end
    parts[i] = again(part.input, with)
  end
  return parts
end

-- ---- From parts to a Table ----

-- The kinds of problems in the order in which they come, each { what =, count =, place = } with the place of the first;
-- and how many are not listed, as the last row of each list says.
local function kinds_of(problems)
  local what, line = problems:column "what", problems:column "line"
  local file = problems:index "file" and problems:column "file"
  local kinds, more = {}, 0
  for i = 1, problems:rows() do
    local text, at = what:value(i), line:value(i)
    local left_out = text:match "^(%d+) more problems are not listed$"
    more = more + (left_out or 0)
    if not left_out and not kinds[text] then
      kinds[text] = { what = text, count = 0, place = at and (file and file:value(i) .. ", line " or "line ") .. at }
      kinds[#kinds + 1] = kinds[text]
    end
    if not left_out then kinds[text].count = kinds[text].count + 1 end
  end
  return kinds, more
end

-- "row has too few fields (2, first in line 3)"
local function describe_kind(kind)
  local count = number.format(kind.count)
  if not kind.place then return ("%s (%s)"):format(kind.what, count) end
  return kind.count == 1 and ("%s (%s)"):format(kind.what, kind.place)
    or ("%s (%s, first in %s)"):format(kind.what, count, kind.place)
end

--- Says, on standard error: "3 problems in x.csv: row has too few fields (2, first in line 3), …; see t:problems()".
-- @param problems a core table
-- @param name what was read
function read.say_problems(problems, name)
  local kinds, more = kinds_of(problems)
  local texts, count = {}, more
  for i, kind in ipairs(kinds) do
    texts[i] = describe_kind(kind)
    count = count + kind.count
  end
  if more > 0 then texts[#texts + 1] = number.format(more) .. " that are not listed" end
  io.stderr:write(("tally: %s in %s: %s; see t:problems()\n"):format(number.count(count, "problem"), name,
    table.concat(texts, ", ")))
end

--- The name of the column that says which file, or nil: as the option says, and of several files `file`.
-- @param options
-- @param several files
-- @return a name or nil
function read.origin(options, several)
  if options.origin == nil then return several and "file" or nil end
  return options.origin or nil
end

local function mark_totals(core_table, option)
  if option == false then return core_table, false, {} end
  if type(option) == "string" then
    local expression = require("tally.check").expression(option, core_table)
    return totals.mark(core_table, { expression = expression })
  end
  if option ~= nil and type(option) ~= "table" then
    fail("type", "totals is false, a list of labels, or a formula, not a %s", type(option))
  end
  return totals.mark(core_table, option)
end

local function table_of(core_table, options, info)
  local with_totals = options.totals ~= false
  info.total_columns = with_totals and totals.columns(core_table:names(), core_table:types()) or {}
  local marked
  marked, info.marks, info.notes = mark_totals(core_table, options.totals)
  return require("tally.table").from_core(marked, info)
end

-- A Table from the parts that were read.
local function build(parts, several, options)
  local first = parts[1]
  local core_table, problems, metadata, name = first.table, first.problems, first.source.metadata, base_name(first.name)
  local origin = read.origin(options, several)
  if several then
    core_table, problems = bind.tables(parts, origin)
    metadata, name = bind.metadata(parts), number.count(#parts, "file")
  elseif origin then
    core_table = bind.tables(parts, origin)
  end
  if problems:rows() > 0 and not options.quiet then read.say_problems(problems, name) end
  local sources = {}
  for i, part in ipairs(parts) do sources[i] = part.source end
  return table_of(core_table, options, { sources = sources, metadata = metadata, problems = problems })
end

--- Sets whether it is shown how far a file is read: as the option `progress` says, or else on a terminal.
-- @param options of a reader
function read.show_progress(options)
  local wanted = options.progress
  if options.quiet then wanted = false end
  core.progress(wanted)
end

-- Reads inputs one after another, until there are as many rows as are wanted.
local function read_parts(inputs, read_one, options)
  local parts, limits, wanted = {}, {}, options.limit
  local function read_again(input, with)
    with.limit = limits[input]
    return read_part(input, read_one, with)
  end
  for i, input in ipairs(inputs) do
    if i > 1 and wanted == 0 then break end
    limits[input] = wanted
    parts[i] = read_again(input, options)
    wanted = wanted and wanted - parts[i].table:rows()
  end
  return parts, read_again
end

-- lines: true where each line of the input is a record, whatever the options say.
local function reader(name, read_one, format, lines)
  return function(input, options)
    options = read_options.check(name, options, format)
    local inputs, several = read.inputs_of(name, input)
    local engine = read_options.engine(options, format)
    engine.lines = lines or engine.lines
    read.show_progress(options)
    local parts, read_again = read_parts(inputs, read_one, engine)
    if several then parts = read.agree_on_types(parts, engine, read_again) end
    return build(parts, several, options)
  end
end

--- Reads one or several CSV files as they were published.
--
-- Options: `separator` `quote` `escape` `encoding` `decimal` `comment` (characters and names; found when not given),
-- `header` ("guess", "first", "none"), `skip` (lines of each file), `limit` (rows, of all files together), `names` (for
-- the columns, in order), `columns` (only these), `types` ({ UKPRN = "text" }), `all_text`, `missing` (texts read as
-- missing), `symbols` (texts read as missing with a reason), `trim`, `on_problem` ("report", "error", "drop"),
-- `totals` (false, a list of labels, or a formula), `origin` (the name of the column that says which file, or false),
-- `progress` (false: it is not shown how far a file is read; nil: on a terminal, after a second), `quiet` (true:
-- nothing on standard error).
--
-- The engine finds out from the bytes what they are: gzip is unpacked, encodings are recognised.
--
-- @function csv
-- @param input a path, a pattern ("table-28-*.csv"), { paths }, { text = "…" }, a function that gives text piece by
-- piece and then nil, an open file, or "-" for standard input
-- @param[opt] options a table
-- @return a Table
read.csv = reader("read_csv", core.read_csv, read_options.csv)

--- Reads JSON: an array of records, an object that holds one, one record, or a record a line (NDJSON).
--
-- A damaged line of NDJSON stands in `problems` and gives no row; any other damaged document is an error. An integer
-- that 64 bits do not hold makes its column text, so that all its digits are kept.
--
-- Options: `records` (path of the array), `unnest` (a list column that gives one row an element), `types`, `all_text`,
-- `lines` (true: a record a line, whatever the first line looks like), and `on_problem` `totals` `origin` `quiet` as in
-- @{csv}.
--
-- @function json
-- @param input as in @{csv}
-- @param[opt] options a table
-- @return a Table
read.json = reader("read_json", core.read_json, read_options.json)

--- Reads NDJSON: a record a line. As @{json} with the option `lines`: a file of one record is a table of one row, even
-- where the record looks like an object around a list.
--
-- @function ndjson
-- @param input as in @{csv}
-- @param[opt] options as in @{json}
-- @return a Table
read.ndjson = reader("read_ndjson", core.read_json, read_options.json, true)

return read
