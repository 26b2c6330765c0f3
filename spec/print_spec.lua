-- Printing: numbers, widths, the grid on the screen, text and Markdown.

local tally = require "tally"
local files = require "spec.support.files"
local core = require "tally.core"
local number = require "tally.number"
local print_ = require "tally.print"
local width = require "tally.width"

describe("a number as text", function()
  it("has thousands separated", function()
    assert.equal("0", number.format(0))
    assert.equal("999", number.format(999))
    assert.equal("1,000", number.format(1000))
    assert.equal("-2,383,985", number.format(-2383985))
    assert.equal("9,223,372,036,854,775,807", number.format(math.maxinteger))
    assert.equal("-9,223,372,036,854,775,808", number.format(math.mininteger))
    assert.equal("2019", number.format(2019, 0, true))
  end)

  it("is rounded half up by its decimal digits", function()
    local cases = {
      { 0.5, 0, "1" }, { 1.5, 0, "2" }, { 2.5, 0, "3" }, { -2.5, 0, "-3" }, { 0.49, 0, "0" }, { -0.4, 0, "0" },
      { 0.125, 2, "0.13" }, { 2.675, 2, "2.68" }, { 1.005, 2, "1.01" }, { 18.865, 2, "18.87" }, { 99.95, 1, "100.0" },
      { 999.5, 0, "1,000" }, { 9.999, 2, "10.00" }, { 20, 2, "20.00" }, { 20.0, 1, "20.0" }, { 0.05, 1, "0.1" },
      { 0.04, 1, "0.0" }, { 1e-7, 2, "0.00" }, { 1e-7, 7, "0.0000001" }, { 1.5e10, 0, "15,000,000,000" },
      { 1e21, 0, "1,000,000,000,000,000,000,000" }, { 0.1 + 0.2, 2, "0.30" }, { 5e-324, 3, "0.000" },
    }
    for _, case in ipairs(cases) do assert.equal(case[3], number.format(case[1], case[2]), tostring(case[1])) end
  end)

  it("agrees with integer arithmetic on thousands of decimals", function()
    math.randomseed(7)
    for _ = 1, 2000 do
      local thousandths = math.random(0, 10 ^ 7)
      local hundredths = (thousandths + 5) // 10
      local expected = ("%d.%02d"):format(hundredths // 100, hundredths % 100)
      assert.equal(expected, number.format(thousandths / 1000, 2, true))
    end
  end)

  it("may be infinite, or no number", function()
    assert.equal(core.format_number(math.huge), number.format(math.huge, 2))
    assert.equal(core.format_number(0 / 0), number.format(0 / 0, 2))
  end)

  it("counts things", function()
    assert.equal("1 row", number.count(1, "row"))
    assert.equal("2,000 rows", number.count(2000, "row"))
    assert.equal("0 entries", number.count(0, "entry", "entries"))
  end)
end)

describe("the width of a text", function()
  it("counts columns, not bytes", function()
    assert.equal(5, width.of "Total")
    assert.equal(6, width.of "Zürich")
    assert.equal(1, width.of "e\204\129") -- e and a combining acute
    assert.equal(4, width.of "中国")
    assert.equal(7, width.of "£23.28b")
  end)

  it("is respected by cutting and padding", function()
    assert.equal("The Uni…", width.cut("The University", 8))
    assert.equal("The…", width.cut("The University", 5))
    assert.equal("中…", width.cut("中国人", 4))
    assert.equal("ab  ", width.pad("ab", 4))
    assert.equal("  ab", width.pad("ab", 4, true))
    assert.same({ "Other European", "Union" }, width.wrap("Other European Union", 14))
    assert.same({ "" }, width.wrap("", 5))
  end)

  it("of control characters is that of their pictures", function()
    assert.equal("a␛[31mb", width.safe "a\27[31mb")
    assert.equal("a␊b␡", width.safe "a\nb\127")
    assert.equal("a�b", width.safe "a\194\155b")
    assert.equal("£ Zürich", width.safe "£ Zürich")
  end)
end)

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  return lines
end

local function csv(text, options)
  return tally.read_csv({ text = text }, options)
end

describe("a table on the screen", function()
  local real = os.getenv
  local columns

  before_each(function()
    columns = nil
    os.getenv = function(name) -- luacheck: ignore
      if name == "COLUMNS" then return columns end
      return real(name)
    end
  end)

  after_each(function()
    os.getenv = real -- luacheck: ignore
  end)

  it("says how it is grouped", function()
    local t = csv "year,level,n\n2019,UG,5\n":group_by("year", "level")
    assert.matches("^1 row × 3 columns, grouped by year, level\n", tostring(t))
  end)

  it("has its dimensions, names, types and aligned cells", function()
    local t = csv "year,level,students,pct\n2019,UG,1890020,18.865\n2019,PGT,531270,35\n"
    assert.same({
      "2 rows × 4 columns",
      "     year  level   students     pct",
      "  integer  text     integer  number",
      "  ─────────────────────────────────",
      "     2019  UG     1,890,020   18.87",
      "     2019  PGT      531,270   35.00",
    }, lines_of(print_.table(t)))
    assert.equal(print_.table(t), tostring(t))
  end)

  it("marks totals and puts those at the foot under a rule", function()
    assert.same({
      "3 rows (1 total) × 2 columns",
      "  provider        n",
      "  text      integer",
      "  ─────────────────",
      "  A               5",
      "  B               7",
      "  ─────────────────",
      "Σ Total          12",
    }, lines_of(print_.table(csv "provider,n\nA,5\nB,7\nTotal,12\n")))
  end)

  it("shows the published symbol of a missing value, or a point", function()
    local lines = lines_of(print_.table(csv "level,n\nUG,[c]\nPG,\nPGR,5\n"))
    assert.same({ "  UG         [c]", "  PG           ·", "  PGR          5" }, { lines[5], lines[6], lines[7] })
  end)

  it("gives each column of numbers the decimals it needs, and no more", function()
    local lines = lines_of(print_.table(csv "a,b,c,d\n0.5,12.345,1000.0,0.00123456\n0.25,1,2000.0,0.001\n"))
    assert.equal("    0.50   12.35   1,000  0.001235", lines[5])
    assert.equal("    0.25    1.00   2,000  0.001000", lines[6])
  end)

  it("prints years and identifiers plain, and quantities with separators", function()
    local lines = lines_of(print_.table(csv "year,Start Year,id,n\n2019,201920,12345,12345\n"))
    assert.truthy(lines[5]:find "2019 +201920 +12345 +12,345$")
    assert.truthy(lines_of(print_.table(csv "Year,n\n43466,1\n"))[5]:find "43,466")
  end)

  it("stays on the screen, and says what it leaves out", function()
    local rows = { "name,n" }
    for i = 1, 172 do rows[#rows + 1] = ("provider %d,%d"):format(i, i) end
    local lines = lines_of(print_.table(csv(table.concat(rows, "\n") .. "\n")))
    assert.is_true(#lines <= 30)
    assert.truthy(table.concat(lines, "\n"):find("… 157 more rows", 1, true))
    assert.truthy(lines[#lines]:find("provider 172", 1, true))
  end)

  it("is as wide as the screen at most", function()
    local names, values = {}, {}
    for i = 1, 60 do
      names[i] = i % 7 == 0 and ("a long name with words %d"):format(i) or ("column %d"):format(i)
      values[i] = i % 5 == 0 and ("a text of some length, " .. i):rep(3) or tostring(i * 1000)
    end
    local t = csv(("%s\n\"%s\"\n"):format(table.concat(names, ","), table.concat(values, '","')))
    local text = print_.table(t)
    local lines = lines_of(text)
    assert.is_true(#lines <= 30)
    for _, line in ipairs(lines) do assert.is_true(width.of(line) <= 80, line) end
    assert.truthy(text:find "more columns: ")
    assert.truthy(text:find "…")
    local whole = print_.text(t)
    assert.truthy(whole:find(("a text of some length, 5"):rep(3):sub(1, 40), 1, true))
    assert.falsy(whole:find "more columns")
  end)

  it("takes the width of the screen from COLUMNS", function()
    local t = csv "name,a,b,c,d,e,f\nsome provider of higher education,1,2,3,4,5,6\n"
    for _, wide in ipairs { 20, 40, 60, 80, 140 } do
      columns = tostring(wide)
      for _, line in ipairs(lines_of(print_.table(t))) do assert.is_true(width.of(line) <= wide, line) end
    end
    assert.falsy(print_.table(t):find "more column")
    columns = nil
    local at_80 = print_.table(t)
    columns = "not a number"
    assert.equal(at_80, print_.table(t))
  end)

  local has_terminals = os.execute "script -qec true /dev/null >/dev/null 2>&1"

  ;(has_terminals and it or pending)("takes the width of the terminal without COLUMNS", function()
    local path = os.tmpname()
    files.write(path, "print('width', tostring((require 'tally.core'.screen_width())))\n"
      .. "print(require 'tally'.from_columns { { 'a', { ('x'):rep(40) } }, { 'b', { ('y'):rep(40) } } })\n")
    local function said(command)
      local pipe = io.popen(command:format(path))
      local text = pipe:read "a"
      pipe:close()
      return text:match "width%s+(%w+)", text:find(("x"):rep(40) .. "  " .. ("y"):rep(40), 1, true) ~= nil
    end
    assert.same({ "nil", false }, { said "env -u COLUMNS lua5.4 %s" })
    assert.same({ "123", true }, { said "script -qec 'stty cols 123; env -u COLUMNS lua5.4 %s' /dev/null" })
    os.remove(path)
  end)

  it("shows in whole what problems there are", function()
    local t = csv("a,a_rather_long_name_of_a_column\n1,2\n3\n" .. ("x"):rep(120) .. ",1,2,3\n", { quiet = true })
    columns = "80"
    local text = print_.table(t:problems())
    assert.truthy(text:find("row has too few fields", 1, true) and text:find("row has too many fields", 1, true), text)
    for _, line in ipairs(lines_of(text)) do assert.is_true(width.of(line) <= 80, line) end
  end)

  it("may have no rows and no columns", function()
    assert.truthy(print_.table(csv "a,b\n"):find("(no rows)", 1, true))
    assert.equal("2 rows × 0 columns", print_.table(csv("a\n1\n2\n"):drop "a"))
  end)

  it("cuts names of files, and texts that differ at their ends, in the middle", function()
    assert.equal("dt05…0.csv", width.cut_middle("dt051-table-2020.csv", 10))
    assert.equal("中…国", width.cut_middle("中国中国", 5))
    assert.equal("short", width.cut_middle("short", 5))
    local long = ("n"):rep(60)
    columns = "40"
    local function body(a, b)
      local lines = lines_of(print_.table(csv(("name,a,b\n%s,1,2\n%s,1,2\n"):format(a, b))))
      return lines[5] ~= lines[6], lines[5]
    end
    assert.is_true((body(long .. "2019.csv", long .. "2020.csv")))
    assert.matches("19%.csv", select(2, body(long .. "2019.csv", long .. "2019.csv")))
    assert.is_true((body(long .. " one", long .. " two")))
    assert.matches("^  n+… ", select(2, body("n" .. long, "m" .. long)))
  end)

  it("cannot be steered by what it shows", function()
    assert.falsy(print_.table(csv "name,n\n\"a\27[2Jb\nc\",1\n"):find "[%z\1-\9\11-\31\127]")
  end)
end)

describe("what is printed", function()
  local years = tally.from_columns {
    { "Year", { 2018, 2018, 2019 } }, { "level", { "UG", "PGT", "UG" } }, { "n", { 1005, 2006, 1007 } },
  }
  local function line(t, pattern)
    for _, each in ipairs(lines_of(print_.text(t))) do
      if each:find(pattern) then return (each:gsub(" +", " ")) end
    end
  end

  it("of a total that no text names is named in the first cell", function()
    local t = years:crosstab("Year", "level", { value = "sum(n)", totals = "both" })
    assert.equal("Σ Total 2,012 2,006 4,018", line(t, "Σ"))
    assert.equal("Σ All 2,012 2,006 4,018", line(years:crosstab("Year", "level", { value = "sum(n)", totals = "both", name = "All" }), "Σ"))
    assert.matches("%*%*Total%*%* | %*%*2,012", print_.markdown(t))
    assert.matches("\n,2012,2006,4018\n$", t:write())
    assert.equal("Σ Sum 4,018", line(years:select("Year", "n"):totals { name = "Sum" }, "Σ"))
    assert.equal("Σ · Total 4,018", line(years:totals(), "Σ"))
    assert.equal("Σ 2018 Total 3,011", line(years:totals { by = "Year" }, "Σ"))
  end)

  it("of years stays plain under other names and in summaries", function()
    assert.equal(" UG 2018 2019", line(years:aggregate("first = min(Year)", "final = max(Year)", { by = "level" }), "UG"))
    assert.equal(" 2018/19 2018", line(csv "period,a\n2018/19,x\n":derive "begins = start_year(period)":select("period", "begins"), "18/19"))
    assert.equal(" Year integer 3 0 2 2018 2018.33 2018 2019 ·", line(years:describe(), "Year"))
    assert.matches("1,005.* 2,006", line(years:describe(), "n +integer"))
    assert.equal("Σ Total ·", line(years:aggregate("first = min(Year)", "n = sum(n)", { by = "level" }):totals():drop "n", "Σ"))
  end)

  it("into a file is not cut", function()
    local long = ("words "):rep(30) .. "end"
    assert.truthy(print_.text(csv("a,b\n" .. long .. ",1\n")):find(long, 1, true))
  end)

  it("is never 0 for what is not 0", function()
    local cases = { { 1e-7, "1e-7" }, { -9.96e-8, "-1e-7" }, { 0.004, "0.004" }, { 0.00456, "0.0046" }, { -0.0000042, "-0.0000042" },
      { 1.25e-9, "1.3e-9" }, { 0.00999, "0.01" }, { 0.000999, "0.001" }, { 0, "0.00" }, { 5e-324, "5e-324" }, { 1.5, "1.50" } }
    for _, case in ipairs(cases) do assert.equal(case[2], number.visible(case[1], 2), tostring(case[1])) end
    local t = tally.from_columns { { "x", { 1e-7, 12345.625, 0.0 } } }
    assert.same({ " 1e-7", " 12,345.63", " 0.00" }, { line(t, "e%-7"), line(t, "345"), line(t, " 0") })
  end)
end)

describe("a table in Markdown", function()
  it("is aligned, escaped, and has bold totals", function()
    assert.same({
      "| a\\|b      |      n |",
      "| --------- | -----: |",
      "| x\\|y      |      5 |",
      "| z         |      7 |",
      "| **Total** | **12** |",
    }, lines_of(print_.markdown(csv "a|b,n\nx|y,5\nz,7\nTotal,12\n")))
  end)

  it("is whole", function()
    local rows = { "name,n" }
    for i = 1, 100 do rows[#rows + 1] = ("provider %d,%d"):format(i, i) end
    assert.equal(102, #lines_of(print_.markdown(csv(table.concat(rows, "\n") .. "\n"))))
  end)
end)
