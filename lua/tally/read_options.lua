--- The options of the readers: their names, what other programs call them, and what is said about a wrong one.
--
-- @module tally.read_options

local error_ = require "tally.error"
local lazy = require "tally.lazy"
local number = require "tally.number"
local suggest = lazy "tally.suggest"

local read_options = {}

-- What the engine takes, by format, and what the Lua half takes for every format.
read_options.csv = {
  "separator", "quote", "escape", "encoding", "decimal", "comment", "header", "skip", "limit", "names", "columns",
  "types", "all_text", "missing", "symbols", "trim", "on_problem", "reader", "chunk_bytes",
}
read_options.json = { "records", "unnest", "types", "all_text", "on_problem", "lines", "chunk_bytes" }
read_options.own = { "origin", "totals", "quiet", "progress" }

-- What readr, Polars, pandas and data.table call them.
local known_elsewhere = {
  delim = "separator", sep = "separator", delimiter = "separator",
  quote_char = "quote", quotechar = "quote",
  escape_char = "escape", escapechar = "escape",
  file_encoding = "encoding", fileEncoding = "encoding", charset = "encoding",
  dec = "decimal", decimal_mark = "decimal", decimal_comma = "decimal",
  comment_char = "comment", comment_prefix = "comment",
  has_header = "header",
  skip_rows = "skip", skiprows = "skip", skip_lines = "skip",
  n_max = "limit", n_rows = "limit", nrows = "limit", rows = "limit",
  col_names = "names", new_columns = "names", column_names = "names",
  col_select = "columns", usecols = "columns", select = "columns",
  col_types = "types", dtypes = "types", dtype = "types", schema = "types", schema_overrides = "types",
  colClasses = "types",
  na = "missing", null_values = "missing", na_values = "missing", null = "missing",
  trim_ws = "trim", strip_whitespace = "trim", skipinitialspace = "trim",
  ignore_errors = "on_problem", on_bad_lines = "on_problem",
  id = "origin", include_file_paths = "origin",
  show_col_types = "quiet", verbose = "quiet", show_progress = "progress",
}

local type_names = { "boolean", "integer", "number", "text", "date" }

local function fail(kind, text, ...)
  error_.throw(kind, text:format(...))
end

local function set_of(...)
  local set = {}
  for _, list in ipairs { ... } do
    for _, name in ipairs(list) do set[name] = true end
  end
  return set
end

local function unknown_option(reader, name, known)
  local called = known_elsewhere[name]
  if called and known[called] then fail("name", "%s has no option '%s': it is called '%s'", reader, name, called) end
  local names = {}
  for option in pairs(known) do names[#names + 1] = option end
  table.sort(names)
  local nearest = suggest.hint(tostring(name), names)
  local hint = nearest ~= "" and nearest or "; there are: " .. table.concat(names, ", ")
  fail("name", "%s has no option '%s'%s", reader, tostring(name), hint)
end

local function check_types(reader, types)
  if types == nil then return end
  if type(types) ~= "table" then
    fail("type", "%s: types is a table such as { UKPRN = \"text\" }, not a %s", reader, type(types))
  end
  local known = set_of(type_names)
  for name, type_ in pairs(types) do
    if not known[type_] then
      fail("type", "%s: there is no type '%s' for the column '%s'; the types are %s", reader, tostring(type_),
        tostring(name), table.concat(type_names, ", "))
    end
  end
end

local function is_count(value)
  return number.is_whole(value) and value >= 0 and value <= 2^53
end

local function is_list_of_texts(value)
  if type(value) ~= "table" then return false end
  for _, item in ipairs(value) do
    if type(item) ~= "string" then return false end
  end
  return #value > 0 or next(value) == nil
end

local function is_character(value)
  return type(value) == "string" and #value == 1
end

-- What the value of an option must be, in words, and whether it is.
local whole = { "a whole number from 0", is_count }
local list = { "a list of texts", is_list_of_texts }
local character = { "one character", is_character }
local flag = { "true or false", function(value) return type(value) == "boolean" end }
local text = { "a text", function(value) return type(value) == "string" end }
local character_or_none = { "one character, or false for none", function(value)
  return value == false or is_character(value)
end }
local text_or_none = { "a name, or false for none", function(value)
  return value == false or type(value) == "string" and value ~= ""
end }

local function one_of(...)
  local choices = { ... }
  local allowed = set_of(choices)
  return { ("one of '%s'"):format(table.concat(choices, "', '")), function(value) return allowed[value] end }
end

local wanted = {
  skip = whole, limit = whole, chunk_bytes = whole, names = list, columns = list, missing = list, symbols = list,
  separator = character, quote = character_or_none, escape = character, comment = character, decimal = character,
  encoding = text, records = text, unnest = text, all_text = flag, trim = flag, lines = flag, quiet = flag,
  progress = flag, origin = text_or_none,
  header = one_of("guess", "first", "none"), on_problem = one_of("report", "error", "drop"),
}

local function check_value(reader, name, value)
  local rule = wanted[name]
  if not rule or rule[2](value) then return end
  fail(type(value) == "number" and "range" or "type", "option '%s' of %s must be %s, not %s", name, reader, rule[1],
    type(value) == "table" and "this table" or type(value) == "string" and ("'%s'"):format(value) or tostring(value))
end

--- Checks the options of a reader.
-- @param reader its name, for messages
-- @param options what the caller gave
-- @param format the options of its format: `csv` or `json` of this module
-- @return a table
function read_options.check(reader, options, format)
  if options == nil then return {} end
  if type(options) ~= "table" then
    fail("type", "%s: the options are a table such as { separator = \";\" }, not a %s", reader, type(options))
  end
  local known = set_of(format, read_options.own)
  for name, value in pairs(options) do
    if not known[name] then unknown_option(reader, name, known) end
    check_value(reader, name, value)
  end
  check_types(reader, options.types)
  return options
end

--- Those of the options that go to the engine.
-- @param options checked options
-- @param format the options of the format
-- @return a new table
function read_options.engine(options, format)
  local kept = {}
  for _, name in ipairs(format) do kept[name] = options[name] end
  return kept
end

--- The types there are.
read_options.types = type_names

return read_options
