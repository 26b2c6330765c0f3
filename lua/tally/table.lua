--- The one noun. A Table is a plan: verbs give new tables and never change one, and nothing is run until values are
-- asked for (printing, going through rows, writing, `collect`). Mistakes in names and types show at once.
--
-- Each verb has a file of its own in `tally.verbs`, which says what it takes.
--
-- @classmod Table

local error_ = require "tally.error"
local lazy = require "tally.lazy"
local number = require "tally.number"
local plan = require "tally.plan"
local rows_ = require "tally.rows"
local run = require "tally.run"
local schema_ = require "tally.schema"
local shown = lazy "tally.shown"
local suggest = lazy "tally.suggest"

local M = {}
local Table = {}
local meta = {}

local function new(node)
  return setmetatable({ plan = node }, meta)
end

-- ---- Verbs ----

local verbs = {
  "aggregate", "append", "change", "count", "crosstab", "cumulative", "derive", "describe", "distinct", "drop", "fill",
  "filter", "group_by", "head", "join", "levels", "percent", "pivot", "rank", "rename", "sample", "select", "slice",
  "sort", "tail", "top", "totals", "unpivot",
}

for _, name in ipairs(verbs) do
  Table[name] = function(self, ...)
    if getmetatable(self) ~= meta then
      error_.throw("type", ("%s is called with a colon, as in t:%s(...), and not with a dot"):format(name, name))
    end
    return new(require("tally.verbs." .. name)(self.plan, ...))
  end
end

--- Writes the table into a file, in the form that the ending of its name says.
-- @see tally.write
function Table:write(path, options)
  return require "tally.write"(self, path, options)
end

-- ---- What is known without running ----

--- @treturn {string,...} the names of the columns, in order
function Table:names()
  return shown.list(schema_.names(self.plan.schema))
end

--- @treturn {string,...} their types: "boolean", "integer", "number", "text", "date"
function Table:types()
  return shown.list(schema_.types(self.plan.schema))
end

--- @treturn {string,...} the columns that group the table
function Table:groups()
  local names = {}
  for i, name in ipairs(self.plan.schema.groups) do names[i] = name end
  return shown.list(names)
end

--- What stood above the header of the file: by its key, and as a list.
-- @treturn table
function Table:metadata()
  return shown.metadata(self.plan.schema.info.metadata or {})
end

--- What was not as it should be in the file that was read, one row for each problem: line, byte, column, what, text.
-- @treturn Table
function Table:problems()
  local problems = self.plan.schema.info.problems
  if type(problems) == "function" then problems = problems() end
  if problems then return M.from_core(problems, { whole = { what = true } }) end
  return require("tally.values").from_columns({ { "line", {} }, { "byte", {} }, { "column", {} }, { "what", {} },
    { "text", {} } },
    { types = { line = "integer", byte = "integer" } })
end

--- The files that the values come from.
-- @treturn table a list of { path =, title =, licence =, rows =, facts = }; the facts are { format =, encoding =,
-- compression =, separator =, separator_evidence =, header_line =, byte_order_marks =, bytes =, reader = }
function Table:sources()
  return self.plan.schema.info.sources or {}
end

--- What should be said beside the table.
-- @treturn {string,...}
function Table:notes()
  return self.plan.schema.info.notes or {}
end

--- The columns that are totals of others.
-- @treturn table { [name] = true }
function Table:total_columns()
  return self.plan.schema.info.total_columns or {}
end

--- How the columns are held in memory, one row for each: column, type, held, bytes.
-- @treturn Table
function Table:memory()
  return require "tally.memory"(self.plan)
end

--- Prints what has been asked for, in plain words and in order.
function Table:explain()
  io.write(plan.explain(self.plan), "\n")
end

-- ---- Values ----

--- Runs what has been asked for, now. Everything else does so by itself when values are needed.
-- @treturn Table the same table
function Table:collect()
  run.run(self.plan)
  return self
end

--- The engine's table, whose last column is is_total when rows are marked.
function Table:core()
  return run.run(self.plan)
end

--- Goes through the rows: `for row in t:rows() do print(row.level, row.n) end`. Missing values are nil; in a row
-- that is marked as a total `row.is_total` is true.
-- @treturn function
function Table:rows()
  return rows_.each(run.run(self.plan), schema_.all_names(self.plan.schema))
end

local function check_row(row, rows)
  if number.is_whole(row) and row >= 1 and row <= rows then return row end
  error_.throw("range", ("no row %s: the table has %s"):format(schema_.shown(row), number.count(rows, "row")))
end

--- One row as { [name] = value }.
-- @tparam number place from 1
function Table:row(place)
  local data = run.run(self.plan)
  return rows_.row(data, schema_.all_names(self.plan.schema), check_row(place, data:rows()))
end

--- The values of one column as an array; missing values are nil, and `n` is its length.
-- @tparam string name
function Table:column(name)
  schema_.need(self.plan.schema, name, "the argument of column")
  return run.run(self.plan):column(name):values()
end

--- One value, or nil; when it is missing for a published reason, that symbol second.
-- @tparam number place of the row, from 1
-- @tparam string name
function Table:value(place, name)
  schema_.need(self.plan.schema, name, "the second argument of value")
  local data = run.run(self.plan)
  return data:column(name):value(check_row(place, data:rows()))
end

--- All rows, as an array of { [name] = value }.
function Table:to_rows()
  local list = {}
  for row, place in self:rows() do list[place] = row end
  return list
end

--- All columns, as an array of { name, values }, in order; each array of values has its length in `n`.
function Table:to_columns()
  local list = {}
  for i, name in ipairs(self:names()) do list[i] = { name, self:column(name) } end
  return list
end

--- How many rows found no match in the last join, and how many found several.
-- @treturn table { left =, right =, repeated = (rows of left that match more than one of right), many_to_many = (does
-- some key occur more than once on both sides?) }
function Table:unmatched()
  local report = run.join_report(self.plan)
  if not report then error_.throw("shape", "unmatched() tells of a join, but this table was not joined to another") end
  return shown.unmatched { left = report.left_unmatched, right = report.right_unmatched,
    repeated = report.left_repeated, many_to_many = report.many_to_many }
end

-- ---- The object ----

-- What dplyr, Polars, pandas and SQL call the verbs, and how they are written here.
local join, write = "t:join(other, { by = \"key\", kind = \"left\" })", "t:write \"table.csv\""
local derive, aggregate, append = "t:derive \"x = a / b\"", "t:aggregate \"n = sum(x)\"", "t:append(other)"
local pivot, unpivot = "t:pivot(\"names\", \"values\")", "t:unpivot { \"a\", \"b\" }"
local elsewhere = {
  mutate = derive, with_columns = derive, assign = derive, transmute = derive,
  summarise = aggregate, summarize = aggregate, agg = aggregate,
  arrange = "t:sort \"-n\"", sort_values = "t:sort \"-n\"", order_by = "t:sort \"-n\"",
  where = "t:filter \"n > 5\"", subset = "t:filter \"n > 5\"", query = "t:filter \"n > 5\"",
  ungroup = "t:group_by()", unique = "t:distinct \"a\"",
  pivot_wider = pivot, spread = pivot, pivot_longer = unpivot, melt = unpivot, gather = unpivot,
  left_join = join, inner_join = join, right_join = join, full_join = join, anti_join = join, semi_join = join,
  merge = join,
  bind_rows = append, rbind = append, concat = append, union = append, vstack = append,
  slice_max = "t:top(10, \"n\")", top_n = "t:top(10, \"n\")", nlargest = "t:top(10, \"n\")",
  replace_na = "t:fill(\"n\", 0)", fill_null = "t:fill(\"n\", 0)", fillna = "t:fill(\"n\", 0)",
  write_csv = write, to_csv = write, write_json = write, to_json = write, save = write,
  nrow = "#t", height = "#t", shape = "#t", pull = "t:column \"n\"", colnames = "t:names()", columns = "t:names()",
  summary = "t:describe()", glimpse = "t:describe()", info = "t:describe()",
}

local method_names = {}
for name in pairs(Table) do method_names[#method_names + 1] = name end
table.sort(method_names)

meta.__name = "tally.table"

function meta:__index(name)
  local method = Table[name]
  if method or type(name) ~= "string" or name:sub(1, 1) == "_" then return method end
  local written = elsewhere[name]
  if schema_.find(self.plan.schema, name) then written = ("t:column %q"):format(name) end
  error_.throw("name", ("a table has no verb '%s'%s"):format(name, written and "; here it is written " .. written
    or suggest.hint(name, method_names)))
end

function meta.__newindex(_, name)
  error_.throw("type", ("tables are never changed: to add a column %s, write t:derive \"... = ...\"")
    :format(schema_.shown(name)))
end

function meta:__len()
  return run.count(self.plan)
end

function meta:__tostring()
  return require("tally.print").table(self)
end

--- A Table from a table of the engine.
-- @param core_table
-- @tparam[opt] table info sources, metadata, problems, notes, total_columns; a boolean column is_total marks totals
-- @treturn Table
function M.from_core(core_table, info)
  local first = info and info.sources and info.sources[1]
  return new(plan.source(core_table, info, first and first.path
    and ("read %s (%d rows)"):format(first.path, core_table:rows())))
end

--- A Table of rows that are read when they are needed.
-- @param rows what can be run like a table of the engine
-- @param core_table the columns; no rows
-- @tparam[opt] table info as in @{from_core}
-- @treturn Table
function M.from_scan(rows, core_table, info)
  return new(plan.scan(rows, core_table, info, ("rows of %s, read when they are needed"):format(rows.name)))
end

--- Is this a Table?
-- @treturn boolean
function M.is(value)
  return getmetatable(value) == meta
end

return M
