-- Analyses: what they check before they run, and what the four of the library compute.

local tally = require "tally"

local message = require("spec.support.files").error_text

local students = tally.from_rows {
  { level = "UG", domicile = "China", students = 60 },
  { level = "UG", domicile = "India", students = 40 },
  { level = "UG", domicile = "UK", students = 900 },
  { level = "PGT", domicile = "China", students = 30 },
  { level = "PGT", domicile = "UK", students = 70 },
}

local function definition(change)
  local made = {
    name = "shares",
    title = "Shares of students",
    needs = { students = { help = "by level", columns = { { name = "level", type = "text" }, { name = "students", type = "number" } } } },
    parameters = {
      least = { type = "integer", default = 0, help = "the fewest students" },
      label = { type = "text", optional = true },
    },
    notes = { "Counts are instances." },
    sources = { "HESA" },
    run = function(inputs, parameters) return inputs.students:filter("students >= $least", { least = parameters.least }) end,
  }
  for field, value in pairs(change or {}) do made[field] = value end
  return made
end

describe("an analysis", function()
  it("is a value that runs on tables and parameters", function()
    local shares = tally.analysis(definition())
    assert.equal(5, #shares:run { students = students })
    assert.equal(3, #shares:run { students = students, least = 60 })
  end)

  it("describes what it needs", function()
    local text = [[
shares: Shares of students
  needs
    students: by level
      columns: level (text), students (number)
  parameters
    label (text, optional)
    least (integer, default 0): the fewest students
  notes
    - Counts are instances.
  sources
    - HESA]]
    assert.equal(text, tally.analysis(definition()):describe())
    assert.equal(text, tostring(tally.analysis(definition())))
  end)

  it("says what is missing or wrong before it runs", function()
    local shares = tally.analysis(definition { run = function() error "must not run" end })
    local cases = {
      { {}, "analysis 'shares' needs the table 'students' (by level)" },
      { { students = 5 }, "analysis 'shares': 'students' must be a table of tally, not a number" },
      { { students = students:drop "level" }, "analysis 'shares' needs a column 'level' (text) in 'students' (there are: domicile, students)" },
      { { students = students:rename { levels = "level" } },
        "analysis 'shares' needs a column 'level' (text) in 'students'; did you mean 'levels'?" },
      { { students = students:derive "students = 'x'" },
        "analysis 'shares' needs the column 'students' of 'students' to be number, but it is text" },
      { { students = students, least = "5" }, "analysis 'shares': the parameter 'least' is integer, not '5'" },
      { { students = students, least = 1.5 }, "analysis 'shares': the parameter 'least' is integer, not 1.5" },
      { { student = students }, "analysis 'shares' has no input or parameter 'student'; did you mean 'students'?" },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[2], message(function() return shares:run(case[1]) end))
    end
    assert.truthy(message(function() return shares:run(5) end):find("not a number", 1, true))
  end)

  it("must return a table", function()
    assert.equal("analysis 'shares' returned a number, not a table of tally",
      message(function() return tally.analysis(definition { run = function() return 5 end }):run { students = students } end))
  end)

  it("must be made whole", function()
    assert.equal("an analysis is made from a table, not a number", message(function() return tally.analysis(5) end))
    assert.equal("an analysis has no field 'parameter'; did you mean 'parameters'?",
      message(function() return tally.analysis(definition { parameter = {} }) end))
    assert.equal("the field 'run' of an analysis is a function, not a string",
      message(function() return tally.analysis(definition { run = "x" }) end))
    assert.equal("analysis 'shares': needs.students must have a list of columns",
      message(function() return tally.analysis(definition { needs = { students = {} } }) end))
    assert.equal("analysis 'shares': 'least' is both an input and a parameter",
      message(function() return tally.analysis(definition { needs = { least = { columns = {} } } }) end))
  end)
end)

describe("students by level", function()
  local run = function(given) return tally.analyses.students_by_level:run(given) end

  it("adds up the domiciles", function()
    local t = run { students = students }
    assert.same({ "level", "students", "international", "all", "pct_international", "pct_all" }, t:names())
    assert.same({ "UG", 60, 100, 1000 }, { t:value(1, "level"), t:value(1, "students"), t:value(1, "international"), t:value(1, "all") })
    assert.same({ 60, 6 }, { t:value(1, "pct_international"), t:value(1, "pct_all") })
    assert.same({ 100, 30 }, { t:value(2, "pct_international"), t:value(2, "pct_all") })
    assert.same({ "All levels", 90, 130, 1100 },
      { t:value(3, "level"), t:value(3, "students"), t:value(3, "international"), t:value(3, "all") })
    assert.is_true(t:row(3).is_total)
  end)

  it("takes another country and another home", function()
    local t = run { students = students, country = "India", home = "China" }
    assert.same({ 40, 940 }, { t:value(1, "students"), t:value(1, "international") })
    assert.equal(0, t:value(2, "students"))
  end)

  it("takes published totals for denominators", function()
    local published = tally.read_csv { text = "level,domicile,students\nUG,China,60\nUG,Total non-UK,105\nUG,Total,1005\n" }
    local t = run { students = published, international = "Total non-UK", all = "Total" }
    assert.same({ 60, 105, 1005 }, { t:value(1, "students"), t:value(1, "international"), t:value(1, "all") })
    assert.near(100 * 60 / 105, t:value(1, "pct_international"), 1e-12)
  end)
end)

describe("international students of a group", function()
  it("counts the providers that were found, and those that were not", function()
    local t = tally.analyses.international_students_of_group:run {
      students = tally.read_csv {
        text = "year,UKPRN,provider,students\n2018/19,00000001,A,5\n2018/19,00000002,B,7\n2018/19,00000003,C,8\n2018/19,,Total,25\n"
          .. "2019/20,00000001,A,6\n2019/20,00000003,C,4\n2019/20,,Total,10\n",
      },
      providers = tally.from_rows {
        { UKPRN = "00000001", mission_group = "Russell_Group" },
        { UKPRN = "00000002", mission_group = "Russell_Group" },
        { UKPRN = "00000003", mission_group = "GuildHE" },
      },
    }
    assert.same({
      { year = "2018/19", providers = 2, not_found = 0, students = 12, published_total = 25, pct_of_total = 48 },
      { year = "2019/20", providers = 1, not_found = 1, students = 6, published_total = 10, pct_of_total = 60 },
    }, t:to_rows())
  end)
end)

describe("growth", function()
  it("is that of the co-authored papers", function()
    local t = tally.analyses.growth:run {
      series = tally.from_rows { { year = 2019, value = 16267 }, { year = 2000, value = 750 } },
    }
    local last = t:row(2)
    assert.equal(2000, t:value(1, "year"))
    assert.near(21.69, last.times, 0.005)
    assert.near(2068.93, last.percent, 0.005)
    assert.near(17.58, last.annual, 0.005)
    assert.near(2168.93, last.index, 0.005)
    assert.equal(15517, last.absolute)
  end)

  it("may have another base", function()
    local t = tally.analyses.growth:run {
      series = tally.from_rows { { year = 2017, value = 50 }, { year = 2018, value = 100 }, { year = 2019, value = 110 } },
      base = 2018,
    }
    assert.near(110, t:value(3, "index"), 1e-9)
    assert.near(10, t:value(3, "annual"), 1e-9)
  end)
end)

describe("coverage", function()
  local parts = tally.read_csv { text = "funder,value\nA,10\nB,[c]\nC,30\nD,\n" }

  it("says what part of the rows is known", function()
    local t = tally.analyses.coverage:run { parts = parts }
    assert.same({ { parts = 4, known = 2, sum_known = 40, pct_parts = 50 } }, t:to_rows())
  end)

  it("says what part of a published total is known", function()
    local t = tally.analyses.coverage:run { parts = parts, total = 160 }
    assert.same({ 25, 120 }, { t:value(1, "pct_total"), t:value(1, "not_covered") })
  end)
end)
