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
    t = csv "postcode,countryCode,sic_code1,code,Decoded,Number of barcodes,Encoder,Codes used\n1,2,3,4,5,6,7,8\n"
    assert.same({ "text", "text", "text", "text", "integer", "integer", "integer", "integer" }, t:types())
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

  it("of one line is a record when lines are asked for", function()
    local text = { text = '{"id":1,"items":[{"a":1},{"a":2}]}' }
    assert.equal(2, #tally.read_json(text))
    assert.equal(1, #tally.read_json(text, { lines = true }))
    assert.same({ "id", "items" }, tally.read_ndjson(text):names())
    assert.truthy(message(function() return tally.read_ndjson(text, { records = "items" }) end):find("give one of the two", 1, true))
  end)

  it("of lines may be packed", function()
    local path = os.tmpname()
    files.write(path, ('{"a":1}\n'):rep(1000))
    assert(os.execute(("gzip -f %s"):format(path)))
    local t = tally.read_ndjson(path .. ".gz")
    os.remove(path .. ".gz")
    assert.equal(1000, #t)
    assert.equal("gzip", t:sources()[1].facts.compression)
  end)

  it("of lines says which are damaged", function()
    local text = { text = '{"a":1}\n{"a":}\n{"a":"x"}\n' }
    local t = tally.read_json(text, { quiet = true })
    assert.same({ "1", "x", n = 2 }, t:column "a")
    assert.same({ line = 2, byte = 13, what = "line is not valid JSON", text = '{"a":}' }, t:problems():row(1))
    assert.equal(1, #tally.read_json(text, { types = { a = "integer" }, on_problem = "drop", quiet = true }))
    assert.equal("(text):2:6: not valid JSON: unexpected token near '}'",
      message(function() return tally.read_json(text, { on_problem = "error" }) end))
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
    assert.same({ "5", "1" }, csv("5,1\n5,6\n", { header = "first" }):names())
    assert.equal(2, #csv "5,6\n7,8\n")
    assert.same({ "1", "2", "3" }, csv("1,2,3\n4,5,7\n"):names())
    assert.equal(2, #csv("1,2,3\n4,5,7\n", { header = "none" }))
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
    assert.equal("read_json has no option 'delim'; there are: all_text, chunk_bytes, lines, on_problem, origin, progress, quiet, "
      .. "records, totals, types, unnest", text)
    assert.equal("read_json has no option 'ignore_errors': it is called 'on_problem'",
      message(function() return tally.read_json({ text = "[]" }, { ignore_errors = true }) end))
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
      .. 'types = { period = "text" }', message(function() return tally.read_csv { first, second } end))
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

describe("of one file and of several", function()
  it("origin names a column that says which", function()
    local one, two = file("o1.csv", "a\n1\n2\n"), file("o2.csv", "a\n3\n")
    local t = tally.read_csv(one, { origin = "source" })
    assert.same({ "source", "a" }, t:names())
    assert.equal("o1.csv", t:value(2, "source"))
    assert.same({ "a" }, tally.read_csv(one):names())
    assert.same({ "a" }, tally.read_csv(one, { origin = false }):names())
    assert.same({ "source", "a" }, tally.read_csv({ one, two }, { origin = "source" }):names())
    assert.same({ "a" }, tally.read_csv({ one, two }, { origin = false }):names())
    assert.same({ "source", "a" }, tally.scan_csv(one, { origin = "source" }):names())
    assert.equal("o1.csv", tally.scan_csv(one, { origin = "source" }):collect():value(1, "source"))
    assert.same({ "source", "a" }, tally.read_json({ text = '[{"a":1}]' }, { origin = "source" }):names())
  end)

  it("limit counts the rows of all", function()
    local paths = { file("l1.csv", "a,b\n1,x\n2,y\n"), file("l2.csv", "a,b\n3,\n4,\n"), file("l3.csv", "a,c\n5,6\n") }
    for limit, rows in pairs { [0] = 0, 1, 2, 3, 4, 5, 5 } do
      assert.equal(rows, #tally.read_csv(paths, { limit = limit }), limit)
    end
    assert.same({ 1, 2, 3 }, { table.unpack(tally.read_csv(paths, { limit = 3 }):column "a") })
    assert.equal(2, #tally.read_csv(paths, { limit = 3 }):sources())
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

describe("rows with the label of a total that stand alone", function()
  local function of(text)
    return marked(csv(text))
  end

  local function sum(text)
    return csv(text):aggregate("s = sum(n)"):value(1, "s")
  end

  it("are counted, within the other label columns", function()
    local text = "region,sex,n\nEngland,All,100\nWales,Men,5\nWales,Women,6\n"
    assert.same({ false, false, false }, of(text))
    assert.equal(111, sum(text))
    assert.same({ "1 row with the label of a total, but no parts beside: counted like any other" }, csv(text):notes())
    text = "region,sex,n\nTotal,All,111\nEngland,All,100\nWales,All,11\nWales,Men,5\nWales,Women,6\n"
    assert.same({ true, false, true, false, false }, of(text))
    assert.equal(111, sum(text))
  end)

  it("are counted within the years too", function()
    assert.same({ true, false, false, true, false, false, false },
      of("year,region,sex,n\n2019,W,All,11\n2019,W,Men,5\n2019,W,Women,6\n2020,W,All,13\n2020,W,Men,6\n2020,W,Women,7\n"
        .. "2020,E,All,9\n"))
  end)

  it("are totals when what tells them apart is blank, or only names them", function()
    assert.same({ false, false, true }, of "UKPRN,provider,n\n1,A,5\n2,B,6\n,Total,20\n")
    assert.same({ false, false, true }, of "code,provider,n\nW1,A,5\nW2,B,6\nK02,Total,20\n")
    assert.same({ false, false, true }, of "provider,darparwr,n\nA,A1,5\nB,B1,6\nTotal,Cyfanswm,20\n")
    assert.same({ false, false, false, true }, of "year,level,n\n2019,UG,5\n2019,PG,7\n2020,UG,8\n,Total,20\n")
  end)

  it("are totals when they are the sum of all parts", function()
    assert.same({ true, false, false, false }, of "country,provider,n\nUK,Total,18\nE,A,5\nE,B,6\nE,C,7\n")
    assert.same({ false, false, false, false }, of "country,provider,n\nWales,Total,40\nE,A,5\nE,B,6\nE,C,7\n")
  end)

  it("are in no sum when they overlap one another", function()
    local t = csv "sex,age,n\nAll,18,40\nAll,19,50\nF,All,60\nX,20,2\nX,21,3\nY,20,4\nY,21,2\n"
    assert.same({ true, true, true, false, false, false, false }, marked(t))
    assert.same({ "3 rows marked as totals, with no parts beside, because they overlap one another: in no sum" }, t:notes())
  end)

  it("are judged by columns of labels alone, not by figures that are texts", function()
    assert.same({ false, false, true }, of "level,2018/19,2019/20\nUG,5,x\nPG,6,y\nTotal,11,z\n")
    assert.same({ false, false, false, false, true }, of "level,remark,n\nA,a,5\nA,b,6\nB,c,6\nB,d,5\nTotal,e,99\n")
  end)

  -- Every row compared with every other, as the definition says, without looking for columns that only name others.
  local function slowly(rows, names)
    local function is_open(row, name) return row[name] == "All" or row[name] == nil end
    local function is_labelled(row)
      for _, name in ipairs(names) do
        if row[name] == "All" then return true end
      end
      return false
    end
    local function agree(a, b, name) return a[name] == b[name] or is_open(a, name) or is_open(b, name) end
    local function compare(a, b) -- "below", "overlapping" or nil
      local a_is_open, b_is_open = false, false
      for _, name in ipairs(names) do
        if not agree(a, b, name) then return nil end
        a_is_open = a_is_open or is_open(a, name) and not is_open(b, name)
        b_is_open = b_is_open or is_open(b, name) and not is_open(a, name)
      end
      return a_is_open and b_is_open and "overlapping" or a_is_open and "below" or nil
    end
    local function any(row, what, of_rows)
      for _, other in ipairs(of_rows) do
        if compare(row, other) == what then return true end
      end
      return false
    end
    local alone, marks = {}, {}
    for _, row in ipairs(rows) do
      if is_labelled(row) and not any(row, "below", rows) then alone[#alone + 1] = row end
    end
    for i, row in ipairs(rows) do
      marks[i] = is_labelled(row) and (any(row, "below", rows) or any(row, "overlapping", alone))
    end
    return marks
  end

  it("are found as by comparing every row with every other", function()
    math.randomseed(2019)
    local values = { sex = { "All", "F", "M" }, age = { "All", "18", "19", "20", "21", "22" }, place = { "All", "E", "N", "S", "W" } }
    local names, alone = { "sex", "age", "place" }, 0
    for _ = 1, 60 do
      local rows, share = {}, math.random()
      for _, sex in ipairs(values.sex) do
        for _, age in ipairs(values.age) do
          for _, place in ipairs(values.place) do
            if math.random() < share then
              rows[#rows + 1] = { sex = sex, age = age, place = place, n = math.random(1000, 9999) }
            end
          end
        end
      end
      local leaves = 0
      for _, row in ipairs(rows) do
        if row.sex ~= "All" and row.age ~= "All" and row.place ~= "All" then leaves = leaves + 1 end
      end
      if leaves > 8 then -- fewer rows may well name one another
        local lines = { "sex,age,place,n" }
        for i, row in ipairs(rows) do lines[i + 1] = ("%s,%s,%s,%d"):format(row.sex, row.age, row.place, row.n) end
        local expected, found = slowly(rows, names), of(table.concat(lines, "\n") .. "\n")
        assert.same(expected, found, table.concat(lines, "\n"))
        for i, row in ipairs(rows) do
          local is_labelled = row.sex == "All" or row.age == "All" or row.place == "All"
          if is_labelled and not found[i] then alone = alone + 1 end
        end
      end
    end
    assert.truthy(alone > 20)
  end)
end)

describe("total columns", function()
  local function of(...)
    local names, types = { ... }, {}
    for i in ipairs(names) do types[i] = "integer" end
    return totals.columns(names, types)
  end

  it("are columns of amounts that say so, beside others", function()
    assert.same({ ["Total UK"] = true, ["Total Non-UK"] = true, Total = true, ["all students"] = true, total_funding = true },
      of("Total UK", "Total Non-UK", "England", "Total", "all students", "Totally", "total_funding", "Allowance"))
    assert.same({}, totals.columns({ "place", "Total" }, { "text", "integer" }))
    assert.same({}, of("year", "total_funding"))
  end)

  it("are not groups of their own", function()
    assert.same({ All = true }, of("UG", "All other institutions", "All other", "All", "Allied health"))
    local text = "year,HE institutions,All other institutions\n2019,10,5\n2020,11,6\n"
    local t = csv(text):unpivot { "HE institutions", "All other institutions" }
    assert.equal(32, t:aggregate("s = sum(value)"):value(1, "s"))
  end)

  it("are not the rest beside the largest, written and read again", function()
    local t = csv("year,country,n\n2019,China,9\n2019,India,7\n2019,Chad,1\n2020,China,8\n2020,India,7\n2020,Mali,2\n")
    local wide = t:group_by("year"):top(1, "n", { other = "All other" }):group_by():pivot("country", "n")
    local path = folder .. "/top.csv"
    wide:write(path)
    local back = tally.read_csv(path):unpivot { "China", "All other" }
    assert.equal(34, back:aggregate("s = sum(value)"):value(1, "s"))
  end)

  it("become total rows when they are unpivoted", function()
    local t = csv("provider,UK,Non-UK,Total\nA,5,2,7\n"):unpivot({ "UK", "Non-UK", "Total" }, { names_to = "domicile", values_to = "n" })
    assert.same({ false, false, true }, marked(t))
    assert.equal(7, t:aggregate("n = sum(n)"):value(1, "n"))
  end)

  it("are data when there is nothing else, but for the total of them", function()
    local t = csv "provider,Total UK,Total Non-UK,Total\nA,5,2,7\n"
    assert.same({ false, false }, marked(t:unpivot { "Total UK", "Total Non-UK" }))
    assert.same({ false, false, true }, marked(t:unpivot { "Total UK", "Total Non-UK", "Total" }))
  end)

  it("are marked on the screen", function()
    local text = tostring(csv "provider,UK,total_all\nA,5,7\n")
    assert.truthy(text:find("text      integer   Σinteger", 1, true), text)
  end)
end)

local root = files.published
local it_when_there = files.it_with(it, pending, "hesa/scotland/finances.csv")

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
    -- 506,305 are published: cells below 5 are not
    assert.same({ 2006, 506220 }, { applicants:value(1, "Year"), applicants:value(1, "n") })
  end)
end)
