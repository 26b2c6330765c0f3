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

  it("refuses two rows for one period", function()
    assert.equal("change: there are two rows for '2018/19' in one series: say what tells series apart, as in { by = \"level\" }",
      message(function() students:change("students", { over = "year" }):collect() end))
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

  it("keeps the old file when the new one cannot be made", function()
    local text = written ".csv"
    assert.is_false(pcall(function() students:filter(function() error "x" end):write(path) end))
    local file = assert(io.open(path, "rb"))
    assert.equal(text, file:read "a")
    file:close()
    assert.matches("^/nonexistent/x.csv: ", message(students.write, students, "/nonexistent/x.csv"))
  end)
end)
