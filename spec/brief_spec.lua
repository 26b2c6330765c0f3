-- The brief: what it prints from the files of the project, and that the full published files give the same.

local files = require "spec.support.files"

local build = os.getenv "TALLY_BUILD" or "build"

local function run(arguments)
  local command = ('LUA_PATH_5_4="./lua/?.lua;;" LUA_CPATH_5_4="./%s/?.so;${LUA_CPATH_5_4:-};${LUA_CPATH:-};;" '
    .. "lua5.4 examples/brief.lua %s 2>&1; echo status=$?"):format(build, arguments or "")
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text:match "^(.*)status=(%d+)\n$"
end

local text, status = run()

local function has(line)
  assert.truthy(text:find(line, 1, true), ("no line %q in\n%s"):format(line, text))
end

-- A row of a Markdown table, whatever its padding.
local function has_row(...)
  local wanted = "| " .. table.concat({ ... }, " | ") .. " |"
  for line in text:gmatch "[^\n]+" do
    if line:gsub(" +", " "):gsub("%*%*", "") == wanted then return end
  end
  error(("no row %s in\n%s"):format(wanted, text))
end

describe("the brief", function()
  it("runs", function()
    assert.equal("0", status, text)
  end)

  it("has Table 1, recomputed", function()
    has_row("Undergraduate", "56,630", "300,155", "1,890,020", "18.87", "3.00")
    has_row("Postgraduate taught", "74,265", "211,075", "531,270", "35.18", "13.98")
    has_row("Postgraduate research", "8,230", "45,755", "110,875", "17.99", "7.42")
    has_row("All levels", "139,125", "556,985", "2,532,165", "24.98", "5.49")
  end)

  it("has the printed percentages beside it", function()
    has_row("Undergraduate", "international students", "20", "18.87", "-1.13", "-1")
    has_row("Undergraduate", "all students", "3", "3.00", "0.00", "0")
    has_row("Postgraduate taught", "international students", "36", "35.18", "-0.82", "-1")
    has_row("Postgraduate taught", "all students", "15", "13.98", "-1.02", "-1")
    has_row("Postgraduate research", "international students", "18", "17.99", "-0.01", "0")
    has_row("Postgraduate research", "all students", "7", "7.42", "0.42", "0")
    has "3 of the 6 printed percentages"
  end)

  it("has the Russell Group, year by year", function()
    for _, row in ipairs { { "2018/19", "213,840" }, { "2019/20", "229,740" }, { "2020/21", "240,630" }, { "2021/22", "255,445" } } do
      assert.truthy(text:find(("| %s +| +24 | +0 | +%s |"):format(row[1], row[2])), row[1])
    end
    has "the figure of 2019/20, 229,740."
  end)

  it("has the growth of co-authored papers", function()
    has "From 750 papers in 2000 to 16,267 in 2019: 21.69 times as many, +2,068.9%, 17.58% a year, index 2,168.9 (2000 = 100)."
  end)

  it("has the reconciliation of the providers with the printed totals", function()
    has_row("All students, 2018/19 (table 1)", "169", "2,383,985", "2,383,970", "15")
    has_row("Non-UK students, 2019/20 (table 28)", "243", "557,010", "556,985", "25")
  end)

  it("names its sources", function()
    has "## Sources"
    has "Table 1 - HE student enrolments by HE provider; dt051-table-1-20182019.csv"
    has "Creative Commons Attribution 4.0 International Licence"
  end)

  it("refuses an option it does not know", function()
    local said, code = run "--date x"
    assert.equal("2", code)
    assert.truthy(said:find("usage", 1, true))
  end)

  files.it_with(it, pending, "providers/mission_groups.csv")("is the same from the full published files, but for the sources", function()
    local full, code = run("--data " .. files.published)
    assert.equal("0", code, full)
    local function body(t) return t:match "^(.-)## Sources" end
    assert.equal(body(text), body(full))
  end)
end)
