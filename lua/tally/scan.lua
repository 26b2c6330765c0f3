--- Files whose rows are read when they are needed, batch by batch, and never kept: for a file larger than the memory.
--
--     local records = tally.scan_csv "student-records-*.csv"
--     print(records:filter "level == 'PGR'":group_by "domicile":aggregate "n = count()")
--
-- What a file is and what its columns are is found by samples; the rows are drawn each time that something asks for
-- them, and only the columns that it needs. Filters, derived columns, aggregates, counts and the first rows go batch by
-- batch; whatever else needs all the rows collects them first.
--
-- @module tally.scan

local bind = require "tally.bind"
local core = require "tally.core"
local error_ = require "tally.error"
local number = require "tally.number"
local read = require "tally.read"
local read_options = require "tally.read_options"
local totals = require "tally.totals"

local scan = {}

-- ---- What is drawn ----

-- The rows of one or several files, as one table of the engine would be asked for them.
local rows_meta = {}
rows_meta.__index = rows_meta

-- The problems of all files, as they stand after the rows were drawn.
function rows_meta:problems()
  local parts = {}
  for i, part in ipairs(self.parts) do parts[i] = part.reading:problems() end
  return #parts == 1 and parts[1] or core.append(parts, "file", self.labels)
end

-- Said once, when rows were drawn for the first time.
function rows_meta:report()
  local problems = self:problems()
  if not self.said and not self.options.quiet and problems:rows() > 0 then read.say_problems(problems, self.name) end
  self.said = true
end

--- The same as run{...} of a table of the engine.
function rows_meta:run(program)
  read.show_progress(self.options)
  local result = core.draw(self.readings, program, self.origin, self.origin and self.labels or nil)
  self:report()
  return result
end

--- How many rows there are: they are counted.
function rows_meta:rows()
  return self:run { steps = {}, count = true }
end

-- ---- Opening ----

local function open_part(input, options)
  local reading = core.scan_csv(input.input, options)
  return { input = input, name = input.name, reading = reading, table = reading:table(), unread = true,
    source = read.source_of(input, reading) }
end

local function open_parts(inputs, options)
  local parts = {}
  for i, input in ipairs(inputs) do parts[i] = open_part(input, options) end
  return #parts > 1 and read.agree_on_types(parts, options, open_part) or parts
end

-- Names and types of all columns; the one that says which file comes first.
local function schema_of(parts, origin)
  local tables = bind.each(parts, "table")
  if #parts == 1 and not origin then return tables[1] end
  return (core.append(tables, origin, bind.labels(parts)))
end

-- Whether a row is a total may depend on all the others, which are not there: who scans must say it.
local function refuse_totals(parts)
  for _, part in ipairs(parts) do
    local name, label = totals.first_label(part.reading:sample())
    if name then
      error_.throw("shape", ("%s: some rows seem to be totals of others ('%s' in column '%s'), which a scan does not "
        .. "find by itself: say which they are, e.g. totals = \"`%s` == '%s'\", or totals = false, or use read_csv")
        :format(part.name, label, name, name, label))
    end
  end
end

local function check_options(options)
  options = read_options.check("scan_csv", options, read_options.csv)
  if options.limit then
    error_.throw("name", "scan_csv has no limit: head(n) reads no more of the file than it needs")
  end
  if options.totals ~= nil and type(options.totals) ~= "string" and options.totals ~= false then
    error_.throw("type", "scan_csv: totals is a formula that is true on total rows, or false")
  end
  return options
end

--- Looks into one or several CSV files, whose rows are read when they are needed.
--
-- Options are those of @{tally.read.csv}, without `limit` (head(n) reads no more than it needs). Total rows are not
-- marked by themselves, since that takes all the rows: `totals` is a formula that is true on them, as in
-- `totals = "level == 'All'"`, or false. Where rows at the start, at the end or elsewhere look like totals it must be
-- given.
--
-- @function csv
-- @param input a path, a pattern ("students-*.csv"), { paths }, or { text = "…" }; pipes and packed files work too, but
-- are held in memory
-- @param[opt] options a table
-- @return a Table
function scan.csv(input, options)
  options = check_options(options)
  local inputs, several = read.inputs_of("scan_csv", input)
  local parts = open_parts(inputs, read_options.engine(options, read_options.csv))
  if options.totals == nil then refuse_totals(parts) end
  local origin = read.origin(options, several)
  local rows = setmetatable({
    parts = parts, readings = bind.each(parts, "reading"), labels = bind.labels(parts), origin = origin,
    options = options, name = several and number.count(#parts, "file") or parts[1].name:match "[^/]+$",
  }, rows_meta)
  local info = {
    sources = bind.each(parts, "source"),
    metadata = several and bind.metadata(parts) or parts[1].source.metadata,
    problems = function() return rows:problems() end,
    total_columns = {},
    notes = options.totals == nil and { "Rows of totals were looked for in a sample of the rows only." } or {},
  }
  local t = require("tally.table").from_scan(rows, schema_of(parts, origin), info)
  return options.totals and t:derive("is_total = " .. options.totals) or t
end

return scan
