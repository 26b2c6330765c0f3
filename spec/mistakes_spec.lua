-- Ten mistakes that an analyst makes, each answered by a message that says what, where, and what to do. The messages stand here in full:
-- they are part of what tally promises.

local tally = require "tally"
local files = require "spec.support.files"
local lfs = require "lfs"

local folder

local function file(name, bytes)
  return files.write(folder .. "/" .. name, bytes)
end

-- The message of the error that `action` raises; it must be tally's own error object.
local function message(action)
  return files.message(action, folder)
end

local students = tally.from_columns {
  { "year", { "2019/20", "2019/20" } }, { "level", { "UG", "PGT" } }, { "students", { 1890020, 531270 } },
}

describe("a mistake", function()
  setup(function()
    folder = files.new_folder()
  end)

  teardown(function()
    files.remove_folder(folder)
  end)

  it("1: a misspelt column", function()
    assert.equal("no column 'levle'; did you mean 'level'? (columns: year, level, students)\n"
      .. "  levle == 'UG'\n"
      .. "  ^",
      message(function() return students:filter "levle == 'UG'" end))
  end)

  it("2: text compared with a number", function()
    assert.equal("cannot compare text with integer: column 'year' is text; write '2019', or start_year(year) where it holds "
      .. "academic years such as '2019/20'\n"
      .. "  year == 2019\n"
      .. "       ^",
      message(function() return students:filter "year == 2019" end))
    assert.equal("cannot compare text with integer: column 'level' is text; write '5'\n"
      .. "  level == 5\n"
      .. "        ^",
      message(function() return students:filter "level == 5" end))
    assert.equal("cannot compare text with integer: column 'level' is text; write '5'",
      message(function() return students:filter { level = 5 } end))
    assert.equal("cannot compare integer with text: column 'students' is integer; write 5 without quotes\n"
      .. "  students in {1, '5'}\n"
      .. "           ^",
      message(function() return students:filter "students in {1, '5'}" end))
    assert.equal("cannot compare integer with text: column 'students' is integer; read it as text, with "
      .. "types = { students = \"text\" }, or write a number\n"
      .. "  'UG' == students\n"
      .. "       ^",
      (message(function() return students:filter "'UG' == students" end):gsub("text with integer", "integer with text")))
    assert.equal("cannot compare text with integer: make them one type, as by text(x), or try_number(x)\n"
      .. "  level == students\n"
      .. "        ^",
      message(function() return students:filter "level == students" end))
  end)

  it("3: a file that is not there", function()
    file("students.csv", "level,students\nUG,5\n")
    file("students.txt", "")
    assert.equal("FOLDER/studnets.csv: is not there; did you mean 'students.csv'?",
      message(function() return tally.read_csv(folder .. "/studnets.csv") end))
    assert.equal("FOLDER/studnets.csv: is not there; did you mean 'students.csv'?",
      message(function() return tally.read_json(folder .. "/studnets.csv") end))
    assert.equal("FOLDER/finances.csv: is not there, and nothing like it in its folder",
      message(function() return tally.read_csv(folder .. "/finances.csv") end))
    assert.equal("FOLDER/2018/students.csv: is not there: no folder 'FOLDER/2018' can be opened",
      message(function() return tally.read_csv(folder .. "/2018/students.csv") end))
  end)

  it("4: a directory", function()
    lfs.mkdir(folder .. "/2019")
    assert.equal("FOLDER/2019: is a directory; to read the files in it, name them: \"FOLDER/2019/*.csv\"",
      message(function() return tally.read_csv(folder .. "/2019") end))
  end)

  it("5: an empty file", function()
    local path = file("empty.csv", "")
    assert.equal("FOLDER/empty.csv: is empty: save it, or download it, again",
      message(function() return tally.read_csv(path) end))
  end)

  it("6: an unclosed quote", function()
    local path = file("quote.csv", 'level,students\nUG,5\n"PGT,7\nPGR,9\n')
    assert.equal("FOLDER/quote.csv:3:1: a quote is opened here and never closed: close it, or read with reader = \"lax\", which "
      .. "goes on and reports it, or with quote = false, to which quotes are characters like others",
      message(function() return tally.read_csv(path) end))
    assert.equal(3, #tally.read_csv(path, { reader = "lax", quiet = true }))
    assert.equal('"PGT', tally.read_csv(path, { quote = false }):value(2, "level"))
  end)

  it("7: a formula with a syntax error", function()
    assert.equal("expected a value after '*'\n"
      .. "  students * / 2\n"
      .. "             ^",
      message(function() return students:derive "half = students * / 2" end))
  end)

  it("8: a sum of text", function()
    assert.equal("cannot take the sum of text: count() counts rows, distinct(level) different values; to use it as numbers, "
      .. "read it with types = { level = \"number\" }\n"
      .. "  sum(level)\n"
      .. "  ^",
      message(function() return students:aggregate "n = sum(level)" end))
    assert.equal("cannot take the sum of text: convert it, as by number(x) or try_number(x)\n"
      .. "  sum(lower(level))\n"
      .. "  ^",
      message(function() return students:aggregate "n = sum(lower(level))" end))
    assert.equal("percent needs numbers, but column 'level' is text: read it as numbers, with types = { level = \"number\" }",
      message(function() return students:percent "level" end))
  end)

  it("8: a sum of nothing but published symbols", function()
    local text = "level,students\nUG,[c]\nPGT,[c]\n"
    assert.equal("cannot take the sum of text: count() counts rows, distinct(students) different values; to use it as "
      .. "numbers, read it with types = { students = \"number\" }\n"
      .. "  sum(students)\n"
      .. "  ^",
      message(function() return tally.read_csv({ text = text }):aggregate "n = sum(students)" end))
    local t = tally.read_csv({ text = text }, { types = { students = "number" } })
    assert.is_nil(t:aggregate("n = sum(students)"):value(1, "n"))
  end)

  it("9: a join on columns of different types", function()
    local providers = tally.from_rows { { UKPRN = "10007783", name = "Aberdeen" } }
    local counts = tally.from_rows { { UKPRN = 10007783, students = 14775 } }
    assert.equal("cannot join 'UKPRN' (text) with 'UKPRN' (integer): read both as text, e.g. types = { UKPRN = \"text\" }",
      message(function() return providers:join(counts, { by = "UKPRN" }) end))
  end)

  it("10: a binary file", function()
    local path = file("book.xlsx", "PK\3\4" .. ("\0\1\2\255"):rep(300))
    assert.equal("FOLDER/book.xlsx: is not text but a ZIP archive (an .xlsx workbook is one): save the sheet as CSV first",
      message(function() return tally.read_csv(path) end))
  end)
end)
