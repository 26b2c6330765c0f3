-- Printing: numbers, widths, the grid on the screen, text and Markdown.

local tally = require "tally"
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

