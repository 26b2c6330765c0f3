-- The figures of the first brief, from the published files where they are there.

local tally = require "tally"
local files = require "spec.support.files"

local root = files.published
local hesa = root .. "/hesa"
local it_when_there = files.it_with(it, pending, "hesa/students-by-domicile/dt051-table-1-20182019.csv")

describe("the published files give", function()
  it_when_there("the Russell Group's international students, read with one glob", function()
    local students = tally.read_csv(hesa .. "/nonuk-students-by-provider/dt051-table-28-*.csv")
    local groups = tally.read_csv(root .. "/providers/mission_groups.csv")
    local by_year = students
      :join(groups:filter "MISSION_GROUP == 'Russell_Group'", { by = "UKPRN", kind = "semi" })
      :group_by("file")
      :aggregate("providers = count()", "students = sum(Total)")
    local found = {}
    for row in by_year:rows() do found[row.file:match "(%d+%-%d+)%.csv$"] = { row.providers, row.students } end
    assert.same({ 24, 213840 }, found["2018-2019"])
    assert.same({ 24, 229740 }, found["2019-2020"])
    assert.same({ 24, 240630 }, found["2020-2021"])
    assert.same({ 24, 255445 }, found["2021-2022"])
  end)

  it_when_there("the total of providers beside HESA's printed total", function()
    local t = tally.read_csv(hesa .. "/students-by-domicile/dt051-table-1-20182019.csv")
    local sums = t:aggregate("parts = sum(Total)", "providers = count()")
    assert.equal(2383985, sums:value(1, "parts"))
    assert.equal(169, sums:value(1, "providers"))
    assert.equal(2383970, t:aggregate("printed = sum(Total where is_total)"):value(1, "printed"))
    local nonuk = tally.read_csv(hesa .. "/nonuk-students-by-provider/dt051-table-28-2019-2020.csv")
    assert.equal(557010, nonuk:aggregate("parts = sum(Total)"):value(1, "parts"))
    assert.equal(556985, nonuk:aggregate("printed = sum(Total where is_total)"):value(1, "printed"))
  end)

  it_when_there("the preamble as metadata", function()
    local metadata = tally.read_csv(hesa .. "/students-by-domicile/dt051-table-1-20182019.csv"):metadata()
    assert.equal("Table 1 - HE student enrolments by HE provider", metadata.Title)
    assert.equal("DT051 Table 1", metadata["Reference ID"])
    assert.equal("Creative Commons Attribution 4.0 International Licence", metadata.Licence)
    assert.equal(15, #metadata)
  end)

  it_when_there("the denominators of 2019/20 and China's students", function()
    local t = tally.read_csv(hesa
      .. "/students-by-domicile-country/HE_student_enrolments_by_domicile_and_region_of_HE_provider__2019_2020.csv")
    local china = t:filter "Domicile == 'China'"
    assert.equal(142035, china:value(1, "Total United Kingdom"))
    assert.equal(119545, china:value(1, "England"))
  end)
end)

describe("growth", function()
  it("of co-authored papers from 2000 to 2019", function()
    local papers = tally.from_rows { { year = 2000, papers = 750 }, { year = 2019, papers = 16267 } }
    local function last(kind)
      return papers:change("papers", { over = "year", kind = kind, base = 2000, as = "x" }):value(2, "x")
    end
    assert.near(2068.93, last "percent", 0.005)
    assert.near(2168.93, last "index", 0.005)
    assert.near(17.58, last "annual", 0.005)
    assert.near(21.69, last "index" / 100, 0.005)
    assert.equal(15517, last "absolute")
  end)
end)
