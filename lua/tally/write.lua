--- `t:write(path, options)`: a table into a file, in the form that the ending of its name says: .csv .tsv .json
-- .ndjson .txt .md. The old file stays until the new one is whole. Without a path the text is given back, as
-- `format` says ("csv" unless given).
--
--     format      the form, when the path does not say it
--     marks       write the column is_total too, when there are marks (csv, tsv, json and ndjson)
--     separator, header, missing, symbols, line_end    as the engine writes delimited text (csv and tsv)
--     for_spreadsheet    for Excel and its like: a byte-order mark, and a ' before texts that would be run as formulas
--                        (csv and tsv)
--
-- @module tally.write

local core = require "tally.core"
local error_ = require "tally.error"
local options_ = require "tally.options"
local run = require "tally.run"
local schema_ = require "tally.schema"

local function data_of(t, options)
  local schema, data = t.plan.schema, run.run(t.plan)
  if schema.marks and not options.marks then return data:select(schema_.names(schema)) end
  return data
end

local function delimited(separator)
  return function(t, output, options)
    return data_of(t, options):write_csv(output, { separator = options.separator or separator, header = options.header,
      missing = options.missing, symbols = options.symbols, line_end = options.line_end,
      for_spreadsheet = options.for_spreadsheet })
  end
end

local function json(lines)
  return function(t, output, options) return data_of(t, options):write_json(output, { lines = lines }) end
end

local function printed(form)
  return function(t, output)
    local text = require("tally.print")[form](t)
    if text:sub(-1) ~= "\n" then text = text .. "\n" end
    if not output then return text end
    core.write_bytes(text, output)
  end
end

local writers = { csv = delimited ",", tsv = delimited "\t", json = json(false), ndjson = json(true),
  txt = printed "text",
  md = printed "markdown" }

-- The options of each form, and of all.
local formats = { "csv", "tsv", "json", "ndjson", "txt", "md" }
local of_csv = { format = formats, marks = "boolean", separator = "string", header = "boolean", missing = "string",
  symbols = "boolean", line_end = "string", for_spreadsheet = "boolean" }
local of_json = { format = formats, marks = "boolean" }
local of_print = { format = formats }
local known = { csv = of_csv, tsv = of_csv, json = of_json, ndjson = of_json, txt = of_print, md = of_print }

local function format_of(path, options)
  if options.format then return options.format end
  if path == nil then return "csv" end
  local ending = (path:match "%.([%w]+)$" or ""):lower()
  if ending == "jsonl" then ending = "ndjson" end
  if writers[ending] then return ending end
  error_.throw("name", ("'%s': the name must end in .csv .tsv .json .ndjson .txt or .md, or 'format' say the form")
    :format(path))
end

--- Writes a table.
-- @param t a Table
-- @tparam[opt] string path
-- @tparam[opt] table options
-- @treturn string|nil the text, when there is no path
return function(t, path, options)
  if path ~= nil and type(path) ~= "string" then
    error_.throw("type", ("write takes the path of a file, not %s"):format(schema_.shown(path)))
  end
  local format = format_of(path, options_.check("write", options, of_csv))
  options = options_.check("write to " .. format, options, known[format])
  return writers[format](t, path and { path = path }, options)
end
