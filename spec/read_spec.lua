-- Reading: options, several files as one table, totals, metadata, problems. What the engine does with bytes is in spec/c.

local tally = require "tally"
local files = require "spec.support.files"
local core = require "tally.core"
local lfs = require "lfs"
local totals = require "tally.totals"

local folder

local function file(name, bytes)
  return files.write(folder .. "/" .. name, bytes)
end

local function csv(text, options)
  return tally.read_csv({ text = text }, options)
end

-- The message of tally's own error.
local function message(action)
  return files.message(action, folder)
end

-- What an action writes to standard error.
local function said(action)
  local real, written = io.stderr, {}
  io.stderr = { write = function(_, text) written[#written + 1] = text end } -- luacheck: ignore
  local ok, err = pcall(action)
  io.stderr = real -- luacheck: ignore
  assert.is_true(ok, tostring(err))
  return table.concat(written)
end

local function marked(t)
  local rows = {}
  for i = 1, #t do rows[i] = t:row(i).is_total or false end
  return rows
end

setup(function()
  folder = files.new_folder()
end)

teardown(function()
  files.remove_folder(folder)
end)

describe("identifiers", function()
  it("are known by their name, and stay text", function()
    local t = csv "UKPRN,Course code,id,nuts_id,instId,id4,idea,width\n1,2,3,4,5,6,7,8\n"
    assert.same({ "text", "text", "text", "text", "text", "integer", "integer", "integer" }, t:types())
  end)
end)

describe("the input", function()
  it("is a path, a text, an open file", function()
    local path = file("one.csv", "a,b\n1,x\n")
    assert.same({ "a", "b" }, tally.read_csv(path):names())
    assert.same({ "a", "b" }, csv("a,b\n1,x\n"):names())
    local handle = assert(io.open(path))
    assert.equal("x", tally.read_csv(handle):value(1, "b"))
    handle:close()
  end)

  it("is standard input by the name -", function()
    local path = file("stdin.csv", "a,b\n1,x\n")
    local script = file("stdin.lua", 'print(require("tally").read_csv("-"):value(1, "b"))')
    local pipe = assert(io.popen(("cat %s | lua5.4 %s"):format(path, script)))
    assert.equal("x\n", pipe:read "a")
    pipe:close()
  end)

  it("of another kind is an error", function()
    for _, wrong in ipairs { 5, true, {}, coroutine.create(print) } do
      assert.truthy(message(function() return tally.read_csv(wrong) end):find("read_csv: a path, a pattern", 1, true))
    end
    assert.truthy(message(function() return tally.read_csv() end):find("not nil", 1, true))
    assert.truthy(message(function() return tally.read_csv { 5 } end):find("item 1 of the files is a number", 1, true))
  end)

  it("is JSON too, by arrays and by lines", function()
    local t = tally.read_json { text = '[{"a":1,"b":{"c":"x"}}]' }
    assert.same({ "a", "b.c" }, t:names())
    assert.equal(2, #tally.read_ndjson { text = '{"a":1}\n{"a":2}\n' })
    assert.equal(2, #tally.read_json({ text = '{"meta":1,"rows":[{"a":1},{"a":2}]}' }, { records = "rows" }))
  end)
end)

describe("an option", function()
  it("goes to the engine under its own name", function()
    assert.same({ "a;b" }, csv("a;b\n1;2\n", { separator = "," }):names())
    assert.same({ "x", "y" }, csv("a,b\n1,2\n", { names = { "x", "y" } }):names())
    assert.same({ "b" }, csv("a,b\n1,2\n", { columns = { "b" } }):names())
    assert.same({ "text", "integer" }, csv("a,b\n1,2\n", { types = { a = "text" } }):types())
    assert.same({ "text", "text" }, csv("a,b\n1,2\n", { all_text = true }):types())
    assert.equal(1, #csv("a\n1\n2\n", { limit = 1 }))
    assert.equal(1.5, csv("a;b\n1,5;2\n", { decimal = ",", separator = ";" }):value(1, "a"))
    assert.is_nil(csv("a\nnone\n", { missing = { "none" } }):value(1, "a"))
  end)

  it("that is not there is an error with the nearest name, or what readr and Polars call it", function()
    assert.equal("read_csv has no option 'delim': it is called 'separator'",
      message(function() return csv("a\n1\n", { delim = "," }) end))
    assert.equal("read_csv has no option 'n_max': it is called 'limit'",
      message(function() return csv("a\n1\n", { n_max = 5 }) end))
    assert.equal("read_csv has no option 'seperator'; did you mean 'separator'?",
      message(function() return csv("a\n1\n", { seperator = "," }) end))
    local text = message(function() return tally.read_json({ text = "[]" }, { delim = "," }) end)
    assert.equal("read_json has no option 'delim'; there are: all_text, origin, progress, quiet, records, totals, types, unnest", text)
  end)

  it("of another type is an error", function()
    assert.equal("read_csv: there is no type 'string' for the column 'a'; the types are boolean, integer, number, text, date",
      message(function() return csv("a\n1\n", { types = { a = "string" } }) end))
    assert.truthy(message(function() return csv("a\n1\n", "quiet") end):find("the options are a table", 1, true))
    assert.truthy(message(function() return csv("a\n1\n", { types = "text" }) end):find("types is a table", 1, true))
    assert.truthy(message(function() return csv("a\n1\n", { totals = 5 }) end):find("totals is false", 1, true))
  end)
end)

describe("a pattern", function()
  setup(function()
    file("g-2019.csv", "UKPRN,n\n10000001,5\n")
    file("g-2018.csv", "UKPRN,n\n00000002,7\n")
    file("literal[1].csv", "a\n1\n")
    file("literal1.csv", "a\n2\n")
  end)

  it("gives the files in the order of their names", function()
    assert.same({ folder .. "/g-2018.csv", folder .. "/g-2019.csv" }, core.glob(folder .. "/g-*.csv"))
    assert.same({ folder .. "/g-2019.csv" }, core.glob(folder .. "/g-201[9].csv"))
    assert.same({ "no such file" }, core.glob "no such file")
  end)

  it("is not one when a file has that very name", function()
    assert.equal(1, tally.read_csv(folder .. "/literal[1].csv"):value(1, "a"))
  end)

  it("that nothing matches is an error", function()
    assert.equal("no file matches 'FOLDER/h-*.csv'", message(function() return tally.read_csv(folder .. "/h-*.csv") end))
  end)

  it("reads the files as one table with a column that says which", function()
    local t = tally.read_csv(folder .. "/g-*.csv")
    assert.same({ "file", "UKPRN", "n" }, t:names())
    assert.same({ "g-2018.csv", "g-2019.csv" }, { t:value(1, "file"), t:value(2, "file") })
    assert.equal(2, #t:sources())
    assert.same({ "file", "UKPRN", "n" }, tally.read_csv(folder .. "/g-2018*.csv"):names())
    assert.same({ "from", "UKPRN", "n" }, tally.read_csv(folder .. "/g-*.csv", { origin = "from" }):names())
    assert.same({ "UKPRN", "n" }, tally.read_csv(folder .. "/g-*.csv", { origin = false }):names())
  end)
end)

describe("several files", function()
  it("are bound by name; what one lacks is missing there", function()
    local t = tally.read_csv { file("m1.csv", "a,b\n1,x\n"), file("m2.csv", "b,c\ny,2.5\n") }
    assert.same({ "file", "a", "b", "c" }, t:names())
    assert.is_nil(t:value(2, "a"))
    assert.equal("y", t:value(2, "b"))
  end)

  it("agree on integer and number, and on the type of a column that is empty in one", function()
    local t = tally.read_csv { file("n1.csv", "a,b\n1,\n2,..\n"), file("n2.csv", "a,b\n1.5,7\n") }
    assert.same({ "text", "number", "integer" }, t:types())
    assert.equal(7, t:value(3, "b"))
    assert.is_nil(t:value(1, "b"))
  end)

  it("agree that codes are text", function()
    local t = tally.read_csv { file("c1.csv", "area code,n\n0012,1\n"), file("c2.csv", "area code,n\n12,1\n") }
    assert.same({ "text", "text", "integer" }, t:types())
    assert.same({ "0012", "12" }, { t:value(1, "area code"), t:value(2, "area code") })
  end)

  it("that do not agree are an error that names both", function()
    local first, second = file("y1.csv", "period,n\n2019,1\n"), file("y2.csv", "period,n\n2019/20,1\n")
    assert.equal("column 'period' is integer in 'FOLDER/y1.csv' but text in 'FOLDER/y2.csv': say which it is, e.g. "
      .. 'types = { ["period"] = "text" }', message(function() return tally.read_csv { first, second } end))
    local t = tally.read_csv({ first, second }, { types = { period = "text" } })
    assert.equal("2019", t:value(1, "period"))
  end)

  it("of the same name are told apart by their folders", function()
    lfs.mkdir(folder .. "/sub")
    local first = file("same.csv", "a\n1\n")
    local out = assert(io.open(folder .. "/sub/same.csv", "w"))
    out:write "a\n2\n"
    out:close()
    local t = tally.read_csv { first, folder .. "/sub/same.csv" }
    os.remove(folder .. "/sub/same.csv")
    lfs.rmdir(folder .. "/sub")
    assert.same({ first, folder .. "/sub/same.csv" }, { t:value(1, "file"), t:value(2, "file") })
  end)

  it("have the metadata that they share", function()
    local preamble = "Title:,Table %d\nLicence:,CC BY 4.0\n\n\na,b\n1,2\n3,4\n"
    local t = tally.read_csv { file("p1.csv", preamble:format(1)), file("p2.csv", preamble:format(2)) }
    assert.equal("CC BY 4.0", t:metadata().Licence)
    assert.is_nil(t:metadata().Title)
    assert.equal("Table 2", t:sources()[2].title)
  end)
end)

describe("problems", function()
  local text = "a,b\n1,2\n3\n4,5,6\n"

  it("are said once on standard error, and kept", function()
    local t
    local written = said(function() t = csv(text) end)
    assert.equal(2, #t:problems())
    assert.equal("tally: 2 problems in (text): row has too few fields (line 3), row has too many fields (line 4); "
      .. "see t:problems()\n", written)
    assert.equal("", said(function() return csv(text, { quiet = true }) end))
    assert.equal("", said(function() return csv "a,b\n1,2\n" end))
  end)

  it("are counted by their kinds, those that are not listed too", function()
    assert.equal("tally: 3 problems in (text): row has too few fields (2, first in line 3), row has too many fields "
      .. "(line 5); see t:problems()\n", said(function() return csv "a,b\n1,2\n3\n4\n5,6,7\n" end))
    assert.equal("tally: 12,000 problems in (text): row has too few fields (10,000, first in line 3), 2,000 that are not "
      .. "listed; see t:problems()\n", said(function() return csv("a,b\n" .. ("1,2\n3\n"):rep(12000)) end))
  end)

  it("of several files say which", function()
    local paths = { file("q1.csv", text), file("q2.csv", "a,b\n1,2\n") }
    local t
    assert.equal("tally: 2 problems in 2 files: row has too few fields (q1.csv, line 3), row has too many fields "
      .. "(q1.csv, line 4); see t:problems()\n", said(function() t = tally.read_csv(paths) end))
    assert.equal("q1.csv", t:problems():value(1, "file"))
  end)
end)

describe("total rows", function()
  local function of(text, options)
    return marked(csv(text, options))
  end

  it("are marked by their label, in any case", function()
    assert.same({ false, false, true }, of "UKPRN,provider,n\n10000001,A,5\n10000002,B,7\n,Total,12\n")
    assert.same({ false, true }, of "level,n\nUG,5\n GRAND TOTAL ,12\n")
    assert.same({ false, true, true }, of "level,n\nUG,5\nTotal PG research,12\nAll undergraduate,5\n")
  end)

  it("are not groups and names that begin alike", function()
    assert.same({ false, false }, of "type,n\nAll other institutions,5\nUniversities,7\n")
    assert.same({ false, false }, of "provider,n\nAll Nations Christian College,5\nTotal People Limited,7\n")
    assert.same({ false, false }, of "heading,n\nTotal income represented by:,5\nOther,7\n")
  end)

  it("are not codes", function()
    assert.same({ false, false }, of "currency,n\nALL,5\nGBP,7\n")
  end)

  it("are not where nothing but totals is given: the table, or a year of it", function()
    assert.same({ false, false }, of "level,category,n\nUG,Total,5\nPG,Total,7\n")
    assert.same({ false, false, true }, of "year,month,n\n2015/16,All,5\n2016/17,July,7\n2016/17,All,7\n")
    assert.same({ false, true, false }, of "year,month,n\n2016,July,7\n2016,All,7\n2015,All,5\n")
  end)

  it("are those over any of several columns", function()
    assert.same({ true, true, true, false, false },
      of "sex,age,n\nAll,All,9\nAll,18,4\nF,All,5\nF,18,2\nM,18,2\n")
  end)

  it("are not labels right of several figures: another table stands there", function()
    assert.same({ false, false }, of "level,n,m,other level,k\nUG,1,2,Total,3\nPG,1,2,UG,4\n")
  end)

  it("are what the caller says", function()
    local text = "level,n\nUG,5\nTotal,5\nSum,5\n"
    assert.same({ false, false, false }, of(text, { totals = false }))
    assert.same({ false, false, true }, of(text, { totals = { "sum" } }))
    assert.same({ true, false, false }, of(text, { totals = "level == 'UG'" }))
    assert.same({ false, false, false }, of(text, { totals = {} }))
  end)

  it("are never counted twice", function()
    local t = csv "provider,n\nA,5\nB,7\nTotal,15\n"
    assert.equal(12, t:aggregate("s = sum(n)"):value(1, "s"))
    assert.equal(15, t:aggregate("s = sum(n where is_total)"):value(1, "s"))
    assert.same({ "provider", "n" }, t:names())
  end)

  it("come back as they were written with their marks", function()
    local t = csv "is_total,provider,n\nfalse,A,5\nfalse,B,7\ntrue,Sum,12\n"
    assert.same({ "provider", "n" }, t:names())
    assert.same({ false, false, true }, marked(t))
  end)

  it("are missing from a table of no rows", function()
    assert.equal(0, #csv "provider,n\n")
  end)
end)

describe("total columns", function()
  it("are numeric columns that say so, beside others", function()
    local names = { "provider", "Total UK", "Total Non-UK", "England", "Total", "all students", "Totally", "total_funding", "Allowance" }
    local types = { "text", "integer", "integer", "integer", "number", "integer", "integer", "number", "integer" }
    assert.same({ ["Total UK"] = true, ["Total Non-UK"] = true, Total = true, ["all students"] = true }, totals.columns(names, types))
    assert.same({}, totals.columns({ "year", "Total" }, { "text", "integer" }))
  end)

  it("become total rows when they are unpivoted", function()
    local t = csv("provider,UK,Non-UK,Total\nA,5,2,7\n"):unpivot({ "UK", "Non-UK", "Total" }, { names_to = "domicile", values_to = "n" })
    assert.same({ false, false, true }, marked(t))
    assert.equal(7, t:aggregate("n = sum(n)"):value(1, "n"))
  end)
end)

local root = files.published
local it_when_there = files.it_with(it, "hesa/scotland/finances.csv")

describe("the parts of a published file", function()
  it_when_there("add up to what is published, but for rounding, without its totals", function()
    local finances = tally.read_csv(root .. "/hesa/scotland/finances.csv")
      :filter "`Category marker` == 'Income'"
      :group_by "Academic year"
      :aggregate "income = sum(`Value(£000s)`)"
    assert.same({ "2015/16", 3585436 }, { finances:value(1, "Academic year"), finances:value(1, "income") })
    assert.same({ "2018/19", 4071408 }, { finances:value(4, "Academic year"), finances:value(4, "income") })

    local students = tally.read_csv(root .. "/hesa/scotland/students_filtered.csv"):aggregate "n = sum(Number)"
    assert.equal(253485, students:value(1, "n"))

    local applicants = tally.read_csv(root .. "/ucas/EOC_data_resource_2021_002_1.csv")
      :group_by "Year"
      :aggregate "n = sum(Applicants)"
    assert.same({ 2006, 506100 }, { applicants:value(1, "Year"), applicants:value(1, "n") })
  end)
end)
