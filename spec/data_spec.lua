-- Every published file loads with no option: its header, types, row count, encoding and problems, as they are on paper. The
-- expectations were written after looking at each file; the files themselves are not part of the project, and the spec passes
-- over those that are not there.

local tally = require "tally"

local support = require "spec.support.files"

local root = support.published

-- A test of a published file, which is given its path; skipped where the file is not there.
local function it_of(name, what, test)
  support.it_with(it, pending, name)(what .. name, function() test(root .. "/" .. name) end)
end

-- "UKPRN:text HE provider:text" is written as pairs, since names have blanks.
local function columns(spec)
  local names, types = {}, {}
  for name, type_ in spec:gmatch "([^|]+)|(%a+);" do
    names[#names + 1], types[#types + 1] = name, type_
  end
  return names, types
end

local function integers(names)
  local spec = {}
  for name in names:gmatch "[^|]+" do spec[#spec + 1] = name .. "|integer;" end
  return table.concat(spec)
end

local staff = "UKPRN|text;HE provider|text;" .. integers "Open-ended/Permanent|Fixed-term|Total academic staff"
local table_1 = "UKPRN|text;HE provider|text;"
  .. integers("England|Scotland|Wales|Northern Ireland|Other UK|Total UK|Other European Union|Non-European Union|"
    .. "Total Non-UK|Not known|Total")
local by_domicile = "Domicile|text;" .. integers "England|Wales|Scotland|Northern Ireland|Total United Kingdom|Year"
local by_level = "Level of Study|text;" .. integers "2017|2018|2019|2020|2021"
local counts = "year|integer;country_code|text;count|integer;"

-- path, rows, columns (or a check), and what is not usual: encoding, marks (byte-order marks), line (of the header), problems,
-- totals (marked rows), metadata (lines of the preamble).
local files = {
  { "hesa/academic-staff-terms/HESA-dt025-table-7-2014-2015.csv", 164, staff, marks = 1, totals = 1 },
  { "hesa/academic-staff-terms/HESA-dt025-table-7-2015-2016.csv", 164, staff, marks = 1, totals = 1 },
  { "hesa/academic-staff-terms/HESA-dt025-table-7-2016-2017.csv", 165, staff, marks = 1, totals = 1 },
  { "hesa/academic-staff-terms/HESA-dt025-table-7-2017-2018.csv", 166, staff, marks = 1, totals = 1 },
  { "hesa/academic-staff-terms/HESA-dt025-table-7-2018-2019.csv", 167, staff, marks = 1, totals = 1 },
  { "hesa/academic-staff-terms/HESA-dt025-table-7-2019-2020.csv", 195, staff, marks = 1, totals = 1 },
  { "hesa/academic-staff-terms/HESA-dt025-table-7-2020-2021.csv", 211, staff, marks = 1, totals = 1 },
  { "hesa/academic-staff-terms/HESA-dt025-table-7-2021-2022.csv", 214, staff, marks = 1, totals = 1 },
  { "hesa/students-by-domicile/dt051-table-1-20142015.csv", 164, table_1, marks = 2, line = 18, totals = 1, metadata = 15 },
  { "hesa/students-by-domicile/dt051-table-1-20152016.csv", 164, table_1, marks = 2, line = 18, totals = 1, metadata = 15 },
  { "hesa/students-by-domicile/dt051-table-1-20162017.csv", 168, table_1, marks = 2, line = 18, totals = 1, metadata = 15 },
  { "hesa/students-by-domicile/dt051-table-1-20172018.csv", 169, table_1, marks = 2, line = 18, totals = 1, metadata = 15 },
  { "hesa/students-by-domicile/dt051-table-1-20182019.csv", 170, table_1, marks = 2, line = 18, totals = 1, metadata = 15 },
  { "hesa/students-by-domicile-country/HE_student_enrolments_by_domicile_and_region_of_HE_provider__2017_2018.csv", 396, by_domicile },
  { "hesa/students-by-domicile-country/HE_student_enrolments_by_domicile_and_region_of_HE_provider__2018_2019.csv", 394, by_domicile, problems = 1 },
  { "hesa/students-by-domicile-country/HE_student_enrolments_by_domicile_and_region_of_HE_provider__2019_2020.csv", 397, by_domicile },
  { "hesa/students-by-domicile-country/HE_student_enrolments_by_domicile_and_region_of_HE_provider__2020_2021.csv", 398, by_domicile },
  { "hesa/students-by-domicile-country/HE_student_enrolments_by_domicile_and_region_of_HE_provider__2021_2022.csv", 402, by_domicile },
  { "hesa/students-by-domicile-country/Total_HE_student_enrolments_by_level_of_study__Postgraduate.csv", 10, by_level },
  { "hesa/students-by-domicile-country/Total_HE_student_enrolments_by_level_of_study__Undergraduate.csv", 8, by_level },
  { "hesa/scotland/finances.csv", 8814,
    "UKPRN|text;HE Provider|text;Country of HE provider|text;Region of HE provider|text;Academic year|text;"
      .. "Financial year end|date;Category marker|text;Category|text;Value(£000s)|integer;Year End Month|text;", marks = 1 },
  { "hesa/scotland/students_filtered.csv", 1192,
    "UKPRN|text;HE provider|text;Country of HE provider|text;Region of HE provider|text;First year marker|text;"
      .. "Level of study|text;Mode of study|text;Academic Year|text;Category marker|text;Category|text;Number|integer;", marks = 1 },
  { "homeoffice/Study_ByInstitutionType.csv", 767,
    "Year|integer;Quarter|text;Type_of_application|text;Institution_type_group|text;Institution_type|text;Applications|integer;",
    marks = 1, totals = 0 },
  { "homeoffice/Study_ByNationality.csv", 28585,
    "Year|integer;Quarter|text;Type of application|text;Institution type group|text;Geographical region|text;"
      .. "Nationality|text;Applications|integer;", marks = 1, totals = 0 },
  { "providers/mission_groups.csv", 104, "UKPRN|text;PROVIDER_NAME|text;MISSION_GROUP|text;", totals = 0 },
  { "funding/gbp_research_income.nuts2.csv", 160,
    "year|integer;nuts_id|text;nuts_year_spec|integer;gbp_research_income|number;" },
  { "funding/total_ukri_funding.nuts2.csv", 537,
    "year|integer;nuts_id|text;nuts_year_spec|integer;total_ukri_funding|number;" },
  { "funding/grants_eng_LAD_ward_donor_year.csv", 45901,
    "column_1|integer;Funding Org:Name|text;Award Year|integer;Recipient District Geographic Code|text;"
      .. "Recipient Ward Geographic Code|text;Recipient Region|text;Amount Awarded|number;Identifier|integer;" },
  { "research/ai_growth_2010_2020.csv", 204, "country_short|text;2010|number;2020|number;growth_percent|number;" },
  { "research/ai_publication_counts.csv", 2159, counts },
  { "research/deep_learning_publication_counts.csv", 886, counts },
  { "ucas/EOC_data_resource_2016-DR2_002_06.csv", 2130,
    "Cycle Year|integer;Applicant Domicile (Low Level – Overseas Country Focus)|text;Number of Applicants|integer;",
    encoding = "WINDOWS-1252", line = 6, problems = 1 },
  { "ucas/EOC_data_resource_2021_002_1.csv", 48828,
    "Year|integer;Age group|text;Individual age|text;Domicile|text;Gender|text;Applicant type|text;Applicants|integer;", line = 16 },
  { "ucas/EOC_data_resource_2021_017_1.csv", 10564,
    "Year|integer;Predicted A level points (equivalent grade profile)|text;Domicile|text;Gender|text;Age group|text;"
      .. "Applicant type|text;Applicants|integer;", line = 16 },
  { "ucas/EOC_data_resource_2021_066_1.csv", 14628,
    "Year|integer;Difference between predicted and achieved BTEC Extended diploma points|text;Reformed BTEC indicator|text;"
      .. "Domicile|text;Gender|text;Age group|text;Applicant type|text;Applicants|integer;", line = 16 },
}

-- Table 28: two text columns, then 38 or 39 domiciles and the total.
local table_28 = {
  { 2014, 209, 40 },
  { 2015, 228, 40 },
  { 2016, 232, 41 },
  { 2017, 231, 41 },
  { 2018, 233, 41 },
  { 2019, 244, 41 },
  { 2020, 248, 41 },
  { 2021, 247, 41 },
}

local function table_28_name(expected)
  return ("hesa/nonuk-students-by-provider/dt051-table-28-%d-%d.csv"):format(expected[1], expected[1] + 1)
end

-- Two tables in one sheet, one beside the other; below them, in one file, a third with its own header. What is there is kept, and said.
local sheets_folder = "hesa/students-by-domicile-country/"
local sheets = {
  { "Total_HE_student_enrolments_by_level_of_study__Total_UK_Domicile.csv", 10,
    "Level of Study|text;" .. integers "2017|2018|2019|2020|2021" .. "Level of Study_2|text;"
      .. integers "2017_2|2018_2|2019_2|2020_2|2021_2" },
  { "Total_HE_student_enrolments_by_level_of_study__Total_NonUK_Domicile.csv", 31,
    "Level of Study|text;2017|text;2018|text;2019|text;" .. integers "2020|2021" .. "Level of Study_2|text;"
      .. integers "2017_2|2018_2|2019_2|2020_2|2021_2" },
}

local function check_header(t, spec)
  local names, types = columns(spec)
  assert.same(names, t:names())
  assert.same(types, t:types())
end

local function check_facts(t, expected)
  local facts = t:sources()[1].facts
  assert.equal(expected.encoding or "UTF-8", facts.encoding)
  assert.equal(expected.marks or 0, facts.byte_order_marks)
  assert.equal(expected.line or 1, facts.header_line)
end

local function marked_rows(t)
  return t:aggregate("n = count(where is_total)"):value(1, "n")
end

describe("a published file", function()
  for _, expected in ipairs(files) do
    it_of(expected[1], "loads without an option: ", function(path)
      local t = tally.read_csv(path, { quiet = true })
      check_header(t, expected[3])
      assert.equal(expected[2], #t)
      check_facts(t, expected)
      assert.equal(expected.problems or 0, #t:problems())
      if expected.totals then assert.equal(expected.totals, marked_rows(t)) end
      if expected.metadata then assert.equal(expected.metadata, #t:metadata()) end
    end)
  end

  for _, expected in ipairs(table_28) do
    it_of(table_28_name(expected), "loads without an option: ", function(path)
      local t = tally.read_csv(path, { quiet = true })
      local types = t:types()
      assert.equal(expected[2], #t)
      assert.equal(expected[3], #types)
      assert.same({ "UKPRN", "HE Provider" }, { t:names()[1], t:names()[2] })
      assert.equal("Total", t:names()[#types])
      assert.same({ "text", "text" }, { types[1], types[2] })
      for i = 3, #types do assert.equal("integer", types[i]) end
      assert.equal(0, #t:problems())
      assert.equal(1, marked_rows(t))
      check_facts(t, { marks = 1 })
    end)
  end

  for _, expected in ipairs(sheets) do
    it_of(sheets_folder .. expected[1], "of two tables keeps both and says so: ", function(path)
      local t = tally.read_csv(path, { quiet = true })
      check_header(t, expected[3])
      assert.equal(expected[2], #t)
      assert.truthy(#t:problems() > 0)
    end)
  end

  support.it_with(it, pending, files[1][1])("is expected here, whichever there are", function()
    local known = {}
    for _, expected in ipairs(files) do known[expected[1]] = true end
    for _, expected in ipairs(table_28) do known[table_28_name(expected)] = true end
    for _, expected in ipairs(sheets) do known[sheets_folder .. expected[1]] = true end
    for _, path in ipairs(support.under(root)) do
      local name = path:sub(#root + 2)
      assert.truthy(known[name] or not name:find "%.csv$", name)
    end
  end)
end)

describe("a published JSON file", function()
  it_of("funding/a002400000KeYdsAAF.json", "of grants is an object that holds an array of records: ", function(path)
    local t = tally.read_json(path)
    assert.equal(379, #t)
    assert.equal(26, #t:names())
    assert.equal("number", t:types()[3]) -- amountDisbursed
    assert.equal("Grant Programme.Title (extended)", t:names()[10])
    assert.equal("Ysgol Dinas Bran", t:value(1, "additional_data.recipientOrganizationCanonical.name"))
    assert.equal('[{"code":"E","url":"http://www.wolfson.org.uk/funding/education/","title":"Education"}]',
      t:value(1, "grantProgramme"))
  end)

  it_of("research/collaborations_20250921_110919.json", "of papers is an array of records with nested objects and lists: ", function(path)
    local t = tally.read_json(path)
    assert.equal(31, #t)
    assert.equal(28, #t:names())
    assert.equal("integer", t:types()[4]) -- publication_year
    assert.equal("boolean", t:types()[14]) -- temporal_context.pre_bri_baseline
    assert.equal('["CN","GB"]', t:value(1, "countries_collaborating"))
    assert.is_nil(t:value(1, "doi"))
  end)

  it_of("research/openalex-institution.json", "of one institution is one record: ", function(path)
    local t = tally.read_json(path)
    assert.equal(1, #t)
    assert.equal(932812, t:value(1, "works_count"))
    assert.equal(1269, t:value(1, "summary_stats.h_index"))
  end)
end)

-- The figures that come out of these files are in spec/facts_spec.lua.
