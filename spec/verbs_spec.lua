-- Verbs: what a user is promised beyond what the twins show.

local tally = require "tally"
local core = require "tally.core"

local message = require("spec.support.files").error_text

-- Rows of values in the order of the columns; a missing value is false.
local function grid(t)
  local rows, names = {}, t:names()
  for row, number in t:rows() do
    rows[number] = {}
    for i, name in ipairs(names) do
      local value = row[name]
      if value == nil then value = false end
      rows[number][i] = value
    end
    if row.is_total then rows[number].total = true end
  end
  return rows
end

local students = tally.from_columns {
  { "year", { "2018/19", "2018/19", "2018/19", "2019/20", "2019/20", "2019/20" } },
  { "level", { "UG", "PGT", "PGR", "UG", "PGT", "PGR" } },
  { "students", { 100, 50, 10, 110, 60, n = 6 } },
}

describe("marked totals", function()
  local with_totals = students:totals { by = "year" }

  it("are rows of the table, and no column", function()
    assert.equal(8, #with_totals)
    assert.same({ "year", "level", "students" }, with_totals:names())
    assert.equal(3, #with_totals:types())
    assert.same({ year = "2018/19", level = "Total", students = 160, is_total = true }, with_totals:row(7))
    assert.is_nil(students:row(1).is_total)
  end)

  it("are never counted twice", function()
    assert.same({ { 330, 6 } }, grid(with_totals:aggregate("n = sum(students)", "rows = count()")))
    assert.same({ { "UG", 2 }, { "PGT", 2 }, { "PGR", 2 } }, grid(with_totals:count "level"))
    assert.equal(330, with_totals:totals():value(9, "students"))
    assert.same({ "2019/20", "UG", 110 }, grid(with_totals:top(1, "students"))[1])
    assert.equal(3, with_totals:describe():value(2, "distinct"))
    assert.same({ { "UG", 210 }, { "PGT", 110 }, { "PGR", 10 } }, grid(with_totals:crosstab("level", "year", { value = "sum(students)",
      totals = "rows" }):select("level", "Total")))
  end)

  it("have their percentage without being part of the base", function()
    local rows = grid(with_totals:percent("students", { of = "year", as = "p" }):select("level", "p"))
    assert.same({ { "UG", 62.5 }, { "PGT", 31.25 }, { "PGR", 6.25 } }, { rows[1], rows[2], rows[3] })
    assert.same({ "Total", 100, total = true }, rows[7])
    assert.equal(100, with_totals:filter "year == '2018/19'":percent "students":value(4, "students_percent"))
  end)

  it("are the data once a filter asks for them", function()
    local only = with_totals:filter "is_total and year == '2018/19'"
    assert.is_nil(only:row(1).is_total)
    assert.equal(160, only:aggregate("n = sum(students)"):value(1, "n"))
    assert.equal(330, with_totals:filter "is_total":aggregate("n = sum(students)"):value(1, "n"))
    assert.equal(330, with_totals:filter { is_total = true }:aggregate("n = sum(students)"):value(1, "n"))
    assert.equal(1, with_totals:filter "is_total or students > 105":aggregate("n = count()"):value(1, "n"))
  end)

  it("are not added up when there is nothing else: that would look like nothing", function()
    local only = with_totals:filter "level == 'Total'"
    assert.matches('all rows that are left %(2%) are marked as totals.*filter "is_total"',
      message(function() return only:aggregate("n = sum(students)"):collect() end))
    assert.equal(330, only:filter "is_total":aggregate("n = sum(students)"):value(1, "n"))
  end)

  it("come from columns of totals when other columns stand beside them", function()
    local t = tally.read_csv { text = "p,Total UK,Total Non-UK,Not known\nA,5,3,1\nB,2,1,0\n" }
    local function sum(names)
      return t:unpivot(names, { values_to = "n" }):aggregate("n = sum(n)"):value(1, "n")
    end
    assert.equal(11, sum { "Total UK", "Total Non-UK" })
    assert.equal(1, sum { "Total UK", "Not known" })
  end)

  it("are counted by a formula that speaks of them", function()
    assert.same({ { 330, 330 } }, grid(with_totals:aggregate("t = sum(students where is_total)", "all = sum(students)")))
    assert.same({ { false, 6 }, { true, 2 } }, grid(with_totals:derive "t = is_total"
      :aggregate("n = count(where is_total or not is_total)", { by = "t" })))
    assert.equal(0, students:aggregate("n = count(where is_total)"):value(1, "n"))
  end)

  it("are a group of their own for all aggregates when their mark is a key", function()
    assert.same({ { 6, 0 }, { 2, 330, total = true } }, grid(with_totals:aggregate("n = count()",
      "t = sum(students where is_total)", { by = "is_total" })))
  end)

  it("stay marked through select, rename, sort, join, append, pivot and unpivot", function()
    local function marked(t)
      local n = 0
      for row in t:rows() do n = n + (row.is_total and 1 or 0) end
      return n
    end
    assert.equal(2, marked(with_totals:select "students"))
    assert.equal(2, marked(with_totals:rename { n = "students" }))
    assert.same({ "Total", "Total" }, { with_totals:sort "students":value(7, "level"), with_totals:sort "-students":value(8, "level") })
    assert.equal(2, marked(with_totals:join(tally.from_rows { { level = "Total", name = "all" } }, { by = "level", kind = "left" })))
    assert.equal(1, marked(tally.from_rows { { level = "UG" } }:join(with_totals, { by = "level", kind = "full" }):filter "year == '2018/19'"
      :select("level", "students")))
    assert.equal(2, marked(students:append(with_totals)))
    assert.equal(2, marked(with_totals:unpivot { "students" }))
    local wide = students:totals { by = "level" }:pivot("year", "students")
    assert.equal(0, marked(wide))
    assert.same({ "level", "2018/19", "2019/20", "Total" }, wide:names())
    assert.same({ Total = true }, wide:total_columns())
    assert.equal(1, marked(students:totals { by = "year" }:pivot("year", "students")))
  end)

  it("come from columns of totals", function()
    local wide = students:totals { by = "level" }:pivot("year", "students")
    local long = wide:unpivot({ "2018/19", "2019/20", "Total" }, { names_to = "year", values_to = "n" })
    assert.equal(330, long:aggregate("n = sum(n)"):value(1, "n"))
    assert.equal(3, #long:filter "is_total")
  end)

  it("may be set and taken off by hand", function()
    local t = tally.from_rows { { level = "UG", n = 1 }, { level = "Total", n = 1 } }:derive "is_total = level == 'Total'"
    assert.same({ "level", "n" }, t:names())
    assert.equal(1, t:aggregate("n = sum(n)"):value(1, "n"))
    assert.equal(2, t:drop "is_total":aggregate("n = sum(n)"):value(1, "n"))
    assert.matches("must be true or false, not integer", message(t.derive, t, "is_total = n"))
  end)

  it("are not written unless asked for", function()
    local t = tally.from_rows { { n = 1, is_total = false }, { n = 2, is_total = true } }
    assert.equal("n\n1\n2\n", t:write())
    assert.equal("n,is_total\n1,false\n2,true\n", t:write(nil, { marks = true }))
  end)
end)

describe("totals", function()
  it("are called so in the column of names, and not in that of codes", function()
    local t = tally.from_rows({ { UKPRN = "1", provider = "A", n = 5 }, { UKPRN = "2", provider = "B", n = 7 } },
      { columns = { "UKPRN", "provider", "n" } })
    assert.same({ provider = "Total", n = 12, is_total = true }, t:totals():row(3))
    assert.same({ provider = "Other", n = 5 }, t:top(1, "n", { other = "Other" }):row(2))
    assert.equal("Total", t:select("UKPRN", "n"):totals():value(3, "UKPRN"))
  end)

  it("add up amounts and nothing else", function()
    local t = students:derive("year_number = start_year(year)", "half = students / 2", "ratio = percent(students, 200)",
      "average = students / half", "big_year = year_number"):percent "students":totals()
    local row = t:row(7)
    assert.same({ 330, 165.0 }, { row.students, row.half })
    for _, name in ipairs { "year_number", "ratio", "average", "students_percent" } do assert.is_nil(row[name], name) end
    local counted = students:aggregate("n = sum(students)", "mean = mean(students)", "ratio = percent(n, 1)", { by = "level" }):totals()
    assert.same({ level = "Total", n = 330, is_total = true }, counted:row(4))
    assert.matches("no column of amounts", message(function() students:select "level":totals() end))
  end)
end)

describe("crosstab", function()
  it("has margins computed from the rows, not from the cells", function()
    assert.same({
      { "UG", 100, 110, 105 }, { "PGT", 50, 60, 55 }, { "PGR", 10, false, 10 }, { "Total", 160 / 3, 85, 66, total = true },
    }, grid(students:crosstab("level", "year", { value = "mean(students)", totals = "both" })))
  end)

  it("has 0 for what is not there when it counts, and missing for what is not known", function()
    local t = students:filter "not (level == 'PGR' and year == '2018/19')"
    assert.same({ { "UG", 100, 110 }, { "PGT", 50, 60 }, { "PGR", 0, false } }, grid(t:crosstab("level", "year", { value = "sum(students)" })))
    assert.same({ { "UG", 1, 1 }, { "PGT", 1, 1 }, { "PGR", 0, 1 } }, grid(t:crosstab("level", "year")))
  end)

  it("has names for several rows, whole numbers as columns, and totals of another name", function()
    local t = students:derive "start = start_year(year)"
    assert.same({ "level", "2018", "2019", "All" }, t:crosstab("level", "start", { totals = "rows", name = "All" }):names())
    assert.equal(7, #t:crosstab({ "year", "level" }, "start", { totals = "columns" }))
    assert.matches("^'UG' is a value of 'level': give the totals another name",
      message(t.crosstab, t, "year", "level", { name = "UG" }))
  end)
end)

describe("change", function()
  it("does not bridge a gap, and goes by academic years", function()
    local t = tally.from_columns { { "year", { "2016/17", "2019/20", "2017/18" } }, { "n", { 10, 40, 15 } } }
    assert.same({ false, false, 5 }, { grid(t:change("n", { over = "year" }))[1][3], grid(t:change("n", { over = "year" }))[2][3],
      grid(t:change("n", { over = "year" }))[3][3] })
    assert.equal(300, t:change("n", { over = "year", kind = "percent", base = "2016/17" }):value(2, "n_percent_change"))
  end)

  it("goes by academic years written as integers", function()
    local t = tally.from_columns { { "year", { 201920, 202021, 202223 } }, { "n", { 100, 200, 800 } } }
    local function last(row, kind)
      return t:change("n", { over = "year", kind = kind, as = "x" }):value(row, "x")
    end
    assert.equal(100, last(2, "annual"))
    assert.equal(100, last(2, "percent"))
    assert.equal(100, last(3, "annual")) -- three years: 100 to 800
    assert.is_nil(last(3, "absolute")) -- a gap
    assert.equal(800, t:change("n", { over = "year", kind = "index", base = 201920, as = "x" }):value(3, "x"))
    assert.equal(100, tally.analyses.growth:run { series = t:rename { value = "n" } }:value(2, "annual"))
  end)

  it("refuses a column of academic and calendar years", function()
    local t = tally.from_columns { { "the year", { 2018, 201920 } }, { "n", { 100, 200 } } }
    assert.equal("change: column 'the year' has academic years such as 201920 and calendar years: make them one, as in "
      .. "derive \"year = coalesce(start_year(`the year`), `the year`)\"",
      message(function() t:change("n", { over = "the year" }):collect() end))
    assert.equal(100, t:derive("year = coalesce(start_year(`the year`), `the year`)")
      :change("n", { over = "year" }):value(2, "n_change"))
  end)

  it("refuses two rows for one period", function()
    assert.equal("change: there are two rows for '2018/19' in one series: say what tells series apart, as in { by = \"level\" }",
      message(function() students:change("students", { over = "year" }):collect() end))
  end)
end)

describe("academic years written as integers", function()
  local t = tally.from_columns { { "period", { 201819, 201920 } }, { "n", { 100, 200 } }, { "begins", { 2018, 2019 } } }

  it("are not compared with calendar years", function()
    local said = "column 'period' holds academic years such as 201920, which are never equal to calendar years: compare "
      .. "start_year(period)"
    for _, formula in ipairs { "period == 2019", "2018 <= period", "period in {2018, 201920}", "period == start_year(period)" } do
      assert.equal(said, message(function() t:filter(formula) end):match "^[^\n]*")
    end
    assert.equal(said, message(function() t:filter("n > 5 and period == $y", { y = 2019 }) end):match "^[^\n]*")
    assert.equal(said, message(function() t:filter { period = 2019 } end))
    assert.equal(said, message(function() t:rename { year = "period" }:filter "year == 2019" end):gsub("year'", "period'")
      :gsub("%(year%)", "(period)"):match "^[^\n]*")
  end)

  it("are compared with their like", function()
    assert.equal(1, #t:filter "period == 201920")
    assert.equal(1, #t:filter { period = 201920 })
    assert.equal(1, #t:filter "start_year(period) == 2019 and begins == start_year(period)")
  end)

  it("are neither added up nor printed as counts", function()
    assert.truthy(tostring(t):find("201819  ", 1, true))
    assert.is_nil(t:totals():value(3, "period"))
  end)

  it("are numbers like others where they are not years", function()
    local counts = tally.from_columns { { "n", { 201920, 5 } } }
    assert.equal(0, #counts:filter "n == 2019")
    assert.equal(201925, counts:totals():value(3, "n"))
    assert.equal(0, #tally.from_columns { { "n", { 201920 } } }:filter "n == 2019")
  end)

  it("are not known for sure where others were appended", function()
    assert.equal(1, #t:append(tally.from_columns { { "period", { 2018, 2019 } }, { "n", { 1, 2 } } }):filter "period == 2019")
  end)
end)

describe("what does not add up", function()
  it("is a year, whatever its column is called", function()
    for _, name in ipairs { "y", "period", "cycle", "year", "Fy", "session" } do
      for _, years in ipairs { { 2019, 2020 }, { 201920, 202021 } } do
        local t = tally.from_columns { { "g", { "a", "b" } }, { name, years }, { "n", { 5, 6 } } }
        assert.is_nil(t:totals():value(3, name))
        assert.equal(11, t:totals():value(3, "n"))
        assert.is_nil(t:rename { other = name }:top(1, "n", { other = "All other" }):value(2, "other"))
        assert.truthy(tostring(t):find(" " .. years[1] .. "  ", 1, true))
      end
    end
  end)

  it("is not what only has the name of a year", function()
    local t = tally.from_columns { { "g", { "a", "b" } }, { "period", { 1, 2 } }, { "y", { 3500, 2500 } } }
    assert.same({ 3, 6000 }, { t:totals():value(3, "period"), t:totals():value(3, "y") })
    assert.truthy(tostring(t):find("3,500", 1, true))
  end)

  it("is a percentage of a file, and a code", function()
    local t = tally.read_csv { text = "g,rate,n\na,12.5%,3\nb,3%,4\n" }
    assert.same({ "rate" }, t:sources()[1].facts.percent_columns)
    for _, u in ipairs { t, t:rename { share = "rate" }:rename { rate = "share" }, t:derive "rate = rate", t:filter "n > 0" } do
      assert.is_nil(u:totals():value(3, "rate"))
      assert.equal(7, u:totals():value(3, "n"))
    end
    assert.is_nil(t:drop "n":pivot("g", "rate"):totals { of = { "a" } }:value(2, "b"))
    local codes = tally.from_columns { { "g", { "a", "b" } }, { "order id", { 10001, 10002 } }, { "n", { 1, 2 } } }
    assert.is_nil(codes:totals():value(3, "order id"))
  end)
end)

describe("a description", function()
  it("keeps the digits of large integers", function()
    local t = tally.from_columns { { "id number", { 9007199254740993, 1, 9007199254740993 } }, { "n", { 1, 2, 9007199254740992 } } }
    local row = t:describe():row(1)
    assert.equal("1 ... 9007199254740993", row.values)
    assert.is_nil(row.min or row.median or row.max)
    assert.same({ 1, 2, 9007199254740992 }, { t:describe():value(2, "min"), t:describe():value(2, "median"), t:describe():value(2, "max") })
    assert.is_nil(t:describe():value(2, "values"))
  end)
end)

describe("a Lua function", function()
  it("gets rows and may give any type", function()
    local t = students:derive("first", function(row) return row.level:sub(1, 1) end)
      :derive("known", function(row) return row.students ~= nil end, { type = "boolean" })
    assert.same({ "text", "integer", "text", "boolean" }, { t:types()[2], t:types()[3], t:types()[4], t:types()[5] })
    assert.same({ "2018/19", "UG", 100, "U", true }, grid(t)[1])
    assert.equal("number", students:derive("x", function(row) return row.students and row.students / 7 end):types()[4])
  end)

  it("has its errors unchanged", function()
    local mine = { "mine" }
    local ok, err = pcall(function() students:filter(function() error(mine) end):collect() end)
    assert.is_false(ok)
    assert.equal(mine, err)
  end)

  it("must give values", function()
    assert.equal("column 'x' has a table in row 1: a value is a number, a text, true or false",
      message(students.derive, students, "x", function() return {} end))
    assert.equal("column 'x' is to be integer, but row 1 has a number", message(function()
      students:derive("x", function() return 1.5 end, { type = "integer" }):collect()
    end))
  end)
end)

describe("values", function()
  it("go in and out unchanged", function()
    local t = tally.from_columns({ { "b", { true, nil, false, n = 3 } }, { "i", { math.maxinteger, math.mininteger, 0 } },
      { "x", { 0.1, 1 / 0, nil, n = 3 } }, { "s", { "", "é\n\0", "z" } }, { "d", { "2019-08-31", nil, "1900-01-01", n = 3 } } },
      { types = { d = "date" } })
    assert.same({ "boolean", "integer", "number", "text", "date" }, t:types())
    assert.same({ b = true, i = math.maxinteger, x = 0.1, s = "", d = "2019-08-31" }, t:row(1))
    assert.same({ { "b", { true, nil, false, n = 3 } } }, t:select "b":to_columns())
    assert.same({ { i = 0, b = false, s = "z", d = "1900-01-01" } }, t:tail(1):to_rows())
    assert.equal("é\n\0", t:value(2, "s"))
    assert.equal(2, t:filter { d = { "2019-08-31", "1900-01-01" } }:aggregate("n = count(d)"):value(1, "n"))
  end)

  it("of columns come in order, which a table of names does not have", function()
    assert.matches("from_columns takes columns in order", message(tally.from_columns, { a = { 1 }, b = { 2 } }))
    assert.equal(0, #tally.from_columns {})
  end)

  it("of one column have one type", function()
    assert.equal("column 'a' has a text in row 2, but integer before it: values of one column need one type",
      message(tally.from_rows, { { a = 1 }, { a = "x" } }))
    assert.same({ "number" }, tally.from_rows { { a = 1 }, { a = 2.5 } }:types())
    assert.same({ "text" }, tally.from_rows({ {}, {} }, { columns = { "a" } }):types())
    assert.equal("the rows have a value 'b' that is not among the columns",
      message(tally.from_rows, { { a = 1, b = 2 } }, { columns = { "a" } }))
  end)

  it("of rows and places that are not there are errors", function()
    assert.equal("no row 7: the table has 6 rows", message(students.row, students, 7))
    assert.equal("no row 0: the table has 6 rows", message(students.value, students, 0, "level"))
    assert.equal("no column 'x' (columns: year, level, students)", message(students.value, students, 1, "x"))
  end)

  it("keep the reason for which they are missing, until they are filled", function()
    local column = core.column("integer", { 5, nil, n = 2 }, 2, { nil, "[c]" })
    local t = require("tally.table").from_core(core.table({ "n" }, { column }))
    assert.same({ n = 2 }, { n = select("#", t:value(2, "n")) })
    assert.equal("[c]", select(2, t:sort "-n":filter "n == nil or n > 0":value(2, "n")))
    assert.equal("n\n5\n[c]\n", t:write())
    assert.equal("n\n5\n0\n", t:fill("n", 0):write())
  end)

  it("of a declared order group, pivot and sort by it", function()
    local t = students:levels { level = { "PGR", "PGT", "UG" } }
    assert.same({ { "PGR", 2 }, { "PGT", 2 }, { "UG", 2 } }, grid(t:count "level"))
    assert.same({ "year", "PGR", "PGT", "UG" }, t:pivot("level", "students"):names())
    assert.equal("PGR", t:sort "level":value(1, "level"))
    assert.matches("'UG'", message(function() students:levels { level = { "PGR", "PGT" } }:collect() end))
  end)
end)

describe("write", function()
  local path

  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local function written(ending, options)
    os.remove(path)
    path = path .. ending
    students:head(2):write(path, options)
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
  end

  it("goes by the ending of the name", function()
    assert.equal("year,level,students\n2018/19,UG,100\n2018/19,PGT,50\n", written ".csv")
    assert.equal("year\tlevel\tstudents\n2018/19\tUG\t100\n2018/19\tPGT\t50\n", written ".tsv")
    assert.equal('{"year":"2018/19","level":"UG","students":100}\n{"year":"2018/19","level":"PGT","students":50}\n', written ".ndjson")
    assert.matches("^%[", written ".json")
    assert.matches("^| year ", written ".md")
    assert.matches("PGT +50", written ".txt")
    assert.equal("year;level;students\n2018/19;UG;100\n2018/19;PGT;50\n", written(".csv", { separator = ";" }))
  end)

  it("has the options of its form, and no others", function()
    assert.equal("write to json has no option 'separator' (options: format, marks)",
      message(students.write, students, nil, { format = "json", separator = ";" }))
    assert.equal("write to md has no option 'for_spreadsheet' (options: format)",
      message(students.write, students, "x.md", { for_spreadsheet = true }))
    assert.equal("write has no option 'seperator'; did you mean 'separator'? (options: for_spreadsheet, format, header, " ..
      "line_end, marks, missing, separator, symbols)", message(students.write, students, "x.csv", { seperator = ";" }))
    assert.matches("a line ends with a line feed", message(students.write, students, nil, { line_end = ";" }))
  end)

  it("disarms formulas for a spreadsheet, and leaves numbers alone", function()
    local t = tally.from_columns { { "+name", { "=1+1", "-5.3", "plain" } }, { "n", { -1, -2.5, 3 } } }
    assert.equal("\u{FEFF}'+name,n\n'=1+1,-1.0\n-5.3,-2.5\nplain,3.0\n", t:write(nil, { for_spreadsheet = true }))
    assert.equal("+name,n\n=1+1,-1.0\n-5.3,-2.5\nplain,3.0\n", t:write())
  end)

  it("reads back as it was, missing values and their symbols included", function()
    local text = '"a, b",n,x,day,ok,note\nplain,1,0.1,2020-02-29,true,\n"",-9223372036854775808,2.0,,false," pad "\n' ..
      '"say ""hi""",[c],..,[x],,[c]\n,,-0.0,,,"two\nlines"\n'
    local types = { ["a, b"] = "text", n = "integer", x = "number", day = "date", ok = "boolean", note = "text" }
    local t = tally.read_csv({ text = text }, { types = types, header = "first", trim = false })
    assert.equal(0, #t:problems())
    assert.equal(text, t:write())
    t:write(path .. ".csv")
    assert.equal(text, tally.read_csv(path .. ".csv", { types = types, header = "first", trim = false }):write())
    os.remove(path .. ".csv")
  end)

  it("keeps the old file when the new one cannot be made", function()
    local text = written ".csv"
    assert.is_false(pcall(function() students:filter(function() error "x" end):write(path) end))
    local file = assert(io.open(path, "rb"))
    assert.equal(text, file:read "a")
    file:close()
    assert.matches("^/nonexistent/x.csv: cannot be written: No such file or directory",
      message(students.write, students, "/nonexistent/x.csv"))
    assert.matches("^/dev/full: cannot be written: No space left on device",
      message(students.write, students, "/dev/full", { format = "csv" }))
  end)
end)

describe("a rank", function()
  it("is that of any integers, from either end", function()
    local t = tally.from_columns { { "n", { math.mininteger, math.maxinteger, nil, 0, math.mininteger } } }
    assert.same({ 3, 1, nil, 2, 3, n = 5 }, t:rank "n":column "n_rank")
    assert.same({ 1, 4, nil, 3, 1, n = 5 }, t:rank("n", { ascending = true }):column "n_rank")
  end)
end)

describe("a join", function()
  local left = tally.from_columns { { "k", { "a", "b", "b", "c" } }, { "n", { 1, 2, 3, 4 } } }
  local right = tally.from_columns { { "key", { "a", "b", "b", "d", "d" } }, { "m", { 10, 20, 30, 40, 50 } } }
  local once = right:distinct "key"

  local function joined(a, b, relationship, kind)
    local by = a == left and { k = "key" } or { key = "k" }
    return a:join(b, { by = by, kind = kind or "left", relationship = relationship })
  end

  it("says how many rows match none, and how many match several", function()
    assert.same({ left = 1, right = 2, repeated = 2, many_to_many = true }, joined(left, right):unmatched())
    assert.same({ left = 1, right = 1, repeated = 0, many_to_many = false }, joined(left, once):unmatched())
    assert.same({ left = 2, right = 1, repeated = 2, many_to_many = true }, joined(right, left):unmatched())
  end)

  it("matches rows one to one, or as it is told", function()
    assert.equal(4, #joined(left, once, "many-to-one"))
    assert.equal(6, #joined(left, right))
    assert.equal("the join is to be many-to-one, but two rows of the right table have key 'b': what they match would come "
      .. "twice, and be counted twice; keep one row for each key, as distinct(\"key\") does, or say another relationship",
      message(function() joined(left, right, "many-to-one"):collect() end))
    assert.matches("two rows of the left table have k 'b'", message(function() joined(left, once, "one-to-one"):collect() end))
    assert.matches("two rows of the left table have k 'b'", message(function() joined(left, once, "one-to-many"):collect() end))
    assert.matches("one of 'one%-to%-one', 'many%-to%-one', 'one%-to%-many'", message(joined, left, once, "m:1"))
  end)

  it("minds a repeated key only where it matches", function()
    assert.equal(2, #left:filter "k == 'a' or k == 'c'":join(right, { by = { k = "key" }, kind = "left", relationship = "one-to-one" }))
    local missing = tally.from_columns { { "k", { nil, nil, "a", n = 3 } } }
    local other = tally.from_columns { { "k", { nil, nil, "a", n = 3 } } }
    assert.equal(3, #missing:join(other, { by = "k", kind = "left", relationship = "one-to-one" }))
    assert.matches("have k nil", message(function()
      missing:join(other, { by = "k", match_missing = true, relationship = "one-to-one" }):collect()
    end))
  end)

  it("has keys that are all missing, of a column of texts without words", function()
    local blank = tally.read_csv({ text = "k,n\n,1\n,2\n" }, { types = { k = "text" }, header = "first" })
    assert.equal(2, #blank:join(right, { by = { k = "key" }, kind = "left" }))
    assert.equal(0, #blank:join(right, { by = { k = "key" }, kind = "semi", match_missing = true }))
  end)

  it("is explained with what it found, once it has run", function()
    local plan = require "tally.plan"
    local t = joined(left, right, nil, "inner")
    assert.falsy(plan.explain(t.plan):find "found")
    t:collect()
    assert.truthy(plan.explain(t.plan):find("of the left table 1 row found no match and 2 found several; of the right table "
      .. "2 rows found none", 1, true))
  end)
end)

describe("memory", function()
  it("says how columns are held", function()
    local memory = students:select("level", "students"):memory()
    assert.same({ "column", "type", "held", "bytes" }, memory:names())
    assert.same({ "level", "students", n = 2 }, memory:column "column")
    assert.matches("^32 bits each, codes of %d+ texts?$", memory:value(1, "held"))
    assert.equal("64 bits each", memory:value(2, "held"))
    assert.is_true(memory:value(2, "bytes") >= 8 * #students)
    local plain = tally.from_columns { { "d", { "2020-01-01" } }, { "b", { true } } }:memory()
    assert.equal("1 bit each", plain:value(2, "held"))
  end)
end)

describe("a join as of a time", function()
  local counts = tally.from_columns { { "ukprn", { "1", "1", "1", "2" } }, { "year", { 2015, 2019, 2020, 2020 } } }
  local names = tally.from_columns { { "ukprn", { "1", "2", "1", "1" } }, { "from", { 2018, 2021, 2012, 2020 } },
    { "name", { "Polytechnic", "College", "Institute", "University" } } }
  local as_of = { year = "from" }

  it("takes the last row that is not after", function()
    local joined = counts:join(names, { by = "ukprn", as_of = as_of, kind = "left" })
    assert.same({ "ukprn", "year", "from", "name" }, joined:names())
    assert.same({ "Institute", "Polytechnic", "University", nil, n = 4 }, joined:column "name")
    assert.same({ left = 1, right = 1, repeated = 0, many_to_many = false }, joined:unmatched())
    assert.equal(3, #counts:join(names, { by = "ukprn", as_of = as_of }))
    assert.equal(1, #counts:join(names, { by = "ukprn", as_of = as_of, kind = "anti" }))
    assert.same({ "Institute", "Polytechnic", "University", "University", n = 4 },
      counts:join(names, { as_of = as_of }):column "name")
  end)

  it("says what is wrong", function()
    local function refused(text, options)
      assert.matches(text, message(counts.join, counts, names, options), 1, true)
    end
    refused("as_of names one column of either table", { as_of = {} })
    refused("no column 'yaer'; did you mean 'year'?", { as_of = "yaer" })
    refused("cannot join 'ukprn' (text) as of 'name' (text): both must be integers, numbers or dates", { as_of = { ukprn = "name" } })
    refused("a join as of 'year' is inner, left, semi or anti", { as_of = as_of, kind = "full" })
    refused("a join as of 'year' finds one row at most: it takes no relationship", { as_of = as_of, relationship = "one-to-one" })
    refused("join needs a key, as in { by = \"UKPRN\" }", {})
  end)
end)

describe("totals that are there already", function()
  local again = "the table has totals called 'Total' already: leave them out with filter \"not is_total\", or give these another "
    .. "name, as in totals { name = \"Sum\" }"

  it("are not added once more", function()
    local by_year = students:derive "start = start_year(year)":select("start", "students")
    local twice = {
      students:totals():totals(), students:totals { by = "year" }:totals { by = "year" },
      by_year:totals():totals(), students:crosstab("level", "year", { totals = "both" }):totals(),
      tally.read_csv { text = "provider,n\nA,5\nTotal,5\n" }:totals(),
    }
    for i, t in ipairs(twice) do assert.equal(again, message(t.collect, t), tostring(i)) end
  end)

  it("are not in the way of others", function()
    assert.equal(8, #students:totals():totals { name = "Sum" })
    assert.equal(9, #students:totals():totals { by = "year" })
    assert.equal(9, #students:totals { by = "year" }:totals())
    assert.equal(7, #students:totals():filter "not is_total":totals())
    assert.equal(4, #students:totals():head(3):totals())
  end)
end)

describe("names of columns", function()
  it("may come as one list", function()
    assert.same({ "students", "year" }, students:select { "students", "year" }:names())
    assert.same({ "level" }, students:drop { "students", "year" }:names())
    assert.same({ "year", "level" }, students:group_by { "year", "level" }:groups())
    assert.equal(2, #students:distinct { "year" })
    assert.equal(6, #students:select(students:names()))
    assert.equal("an argument of group_by must be the name of a column, not a table",
      message(students.group_by, students, students))
    assert.equal("select needs the name of a column", message(students.select, students, {}))
  end)
end)

describe("what a table tells of itself", function()
  it("is printed well, and stays an ordinary table", function()
    local names = students:names()
    assert.equal("year, level, students", tostring(names))
    assert.equal("text, text, integer", tostring(students:types()))
    assert.equal("(none)", tostring(students:groups()))
    assert.equal(3, #names)
    local seen = {}
    for i, name in pairs(names) do seen[i] = name end
    assert.same({ "year", "level", "students" }, seen)
    local published = tally.read_csv { text = "Title:,A table\nLicence:,Open\n\nlevel,n,m\nUG,5,1\nPGT,7,2\nPGR,9,3\n" }
    assert.equal("Title: A table\nLicence: Open", tostring(published:metadata()))
    assert.equal("A table", published:metadata().Title)
    assert.equal("(no metadata)", tostring(students:metadata()))
    local unmatched = students:join(published, { by = "level", kind = "left" }):unmatched()
    assert.equal("left: 0 rows without a match, 0 with several\nright: 0 rows without a match", tostring(unmatched))
  end)
end)

describe("what would have been passed over in silence", function()
  local cases = {
    { "tally has no 'readcsv'; did you mean 'read_csv'?", function() return tally.readcsv end },
    { "tally.analyses has no 'grwth'; did you mean 'growth'?", function() return tally.analyses.grwth end },
    { "analysis 'growth' is run with one table: parameters go with the inputs, as in { series = ..., base = ... }",
      function() tally.analyses.growth:run({ series = students }, { base = 2018 }) end },
    { "column 'b' has 1 value, but column 'a' has 2: where the last values are missing say how many there are, as in { 75, n = 2 }",
      function() tally.from_columns { { "a", { 1, 2 } }, { "b", { 1 } } } end },
    { "column 'b' has 3 values, but column 'a' has 2", function() tally.from_columns { { "a", { 1, n = 2 } }, { "b", { n = 3 } } } end },
    { "(text): 2 names for 3 columns: name them all, or use rename",
      function() tally.read_csv({ text = "a,b,c\n1,2,3\n" }, { names = { "x", "y" } }) end },
    { "option 'skip' of read_csv must be a whole number from 0, not -1",
      function() tally.read_csv({ text = "a\n1\n" }, { skip = -1 }) end },
    { "option 'header' of read_csv must be one of 'guess', 'first', 'none', not true",
      function() tally.read_csv({ text = "a\n1\n" }, { header = true }) end },
    { "option 'columns' of read_csv must be a list of texts, not 'a'",
      function() tally.read_csv({ text = "a\n1\n" }, { columns = "a" }) end },
    { "option 'separator' of read_csv must be one character, not 'ab'",
      function() tally.read_csv({ text = "a\n1\n" }, { separator = "ab" }) end },
    { "append takes tables one by one, as in t:append(u, v), not a list: rows of values become a table by tally.from_rows",
      function() students:append { { year = "2020/21" } } end },
  }
  for _, case in ipairs(cases) do
    it(case[1], function() assert.equal(case[1], message(case[2])) end)
  end

  it("is asked for by Lua itself", function()
    assert.is_nil(tally.__tostring)
    assert.is_nil(tally.analyses.__pairs)
  end)
end)
