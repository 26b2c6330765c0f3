-- Plans: what is known before anything runs, what runs together, and what explain says of it.

local tally = require "tally"
local core = require "tally.core"
local plan = require "tally.plan"

local message = require("spec.support.files").error_text

local t = tally.from_columns {
  { "year", { 2018, 2018, 2019, 2019 } }, { "level", { "UG", "PGT", "UG", "PGT" } }, { "n", { 10, 20, 30, n = 4 } },
}

-- A table whose rows cannot be had: whoever runs its plan gets an error.
local function never_run(source)
  return source:filter(function() error "it was run" end)
end

describe("a plan", function()
  it("knows names and types before it runs", function()
    local u = never_run(t):derive("share = n / 2", "high = share > 3"):group_by("level")
    assert.same({ "year", "level", "n", "share", "high" }, u:names())
    assert.same({ "integer", "text", "integer", "number", "boolean" }, u:types())
    assert.same({ "level" }, u:groups())
    local a = u:aggregate("k = count()", "m = mean(n)", "s = sum(n)", "p = percent(s, k)")
    assert.same({ "level", "k", "m", "s", "p" }, a:names())
    assert.same({ "text", "integer", "number", "integer", "number" }, a:types())
    assert.same({ "year", "level", "n", "n_change" }, never_run(t):change("n", { over = "year", by = "level" }):names())
    assert.same({ "year", "level", "n", "n_rank" }, never_run(t):rank "n":names())
    assert.same({ "year", "measure", "amount" },
      never_run(t):select("year", "n"):unpivot({ "n" }, { names_to = "measure", values_to = "amount" }):names())
  end)

  it("runs when values are asked for", function()
    local u = never_run(t)
    for _, ask in ipairs { "collect", "core", "to_rows", "to_columns", "rows", "__len" } do
      local ok, err = pcall(function() if ask == "__len" then return #u else return u[ask](u) end end)
      if ask == "rows" and ok then ok, err = pcall(err) end
      assert.is_false(ok, ask)
      assert.matches("it was run", tostring(err))
    end
    assert.matches("it was run", select(2, pcall(tostring, u)))
  end)

  it("runs once, and keeps the result", function()
    local calls = 0
    local u = t:filter(function() calls = calls + 1 return true end)
    assert.equal(4, #u)
    assert.equal(3, #u:filter "n > 0")
    u:collect()
    assert.equal(4, calls)
    assert.equal(u:core(), u:core())
  end)

  it("lets results go with their tables", function()
    collectgarbage()
    collectgarbage()
    local before = core.memory_used()
    for _ = 1, 50 do
      local u = t:derive "x = n * 2":sort "-x"
      assert.equal(4, #u)
    end
    collectgarbage()
    collectgarbage()
    assert.equal(before, core.memory_used())
  end)

  it("never changes the tables it is made from", function()
    local names, rows = t:names(), #t
    t:derive "n = n * 100":rename { m = "n" }:drop "m":head(1):collect()
    assert.same(names, t:names())
    assert.equal(rows, #t)
    assert.equal(10, t:value(1, "n"))
    assert.equal("tables are never changed: to add a column 'x', write t:derive \"... = ...\"", message(function() t.x = 1 end))
  end)

  it("puts filters, columns, names and an aggregate into one program", function()
    local u = t:filter "n > 5":derive "x = n * 2":rename { kind = "level" }:select("kind", "x"):aggregate("s = sum(x)", { by = "kind" })
    assert.same({ { kind = "UG", s = 80 }, { kind = "PGT", s = 40 } }, u:to_rows())
  end)

  it("keeps columns apart that swap, shadow or take each other's names", function()
    local u = t:derive("a = n", "b = n + 1"):rename { a = "b", b = "a" }:derive("c = a - b", "a = a * 10", "a = a + 1")
    assert.same({ "year", "level", "n", "b", "a", "c" }, u:names())
    assert.same({ year = 2018, level = "UG", n = 10, a = 111, b = 10, c = 1 }, u:row(1))
    local v = t:drop "n":derive "n = 'new'":drop "level":derive "level = year":filter "level == 2018 and n == 'new'"
    assert.same({ year = 2018, n = "new", level = 2018 }, v:row(2))
    local w = t:rename { key = "level", level = "year" }:derive "year = key":aggregate("s = sum(n)", { by = { "year", "level" } })
    assert.same({ year = "PGT", level = 2018, s = 20 }, w:row(2))
    local grouped = t:rename { kind = "level" }:aggregate("level = count()", "year = sum(n)", { by = "kind" })
    assert.same({ "kind", "level", "year" }, grouped:names())
    assert.same({ kind = "UG", level = 2, year = 40 }, grouped:row(1))
  end)

  it("finds again what was left out by no name", function()
    assert.equal("no column 'n' (columns: year, level)", message(function() t:drop "n":select "n" end))
    assert.matches("^no column 'n' %(columns: year, level, students%)",
      message(function() t:rename { students = "n" }:filter "n > 1" end))
  end)
end)

describe("explain", function()
  it("says in plain words what will run", function()
    local u = tally.from_rows { { a = 1 } }
    local text = plan.explain(t:filter "n > 5":join(u, { by = { n = "a" }, kind = "left" })
      :aggregate("s = sum(n)", { by = "level" }):sort "-s".plan)
    assert.equal("  1  a table in memory\n"
      .. "  2  keep rows where n > 5\n"
      .. "  3     with\n"
      .. "  4       a table in memory\n"
      .. "  5  left join with another table where 'n' = 'a'\n"
      .. "  6  s = sum(n) for each 'level'\n"
      .. "  7  sort by -s", text)
  end)

  it("says how groups were told apart, once it has run", function()
    local function last_line(grouped)
      grouped:collect()
      return plan.explain(grouped.plan):match "[^\n]*$"
    end
    local x, level = {}, {}
    for i = 1, 40 do x[i], level[i] = i % 2 + 0.5, i % 2 == 0 and "UG" or "PGT" end
    local many = tally.from_columns { { "x", x }, { "level", level } }
    assert.equal("     2 groups, told apart through an array of 2 places", last_line(many:count "level"))
    assert.equal("     2 groups, told apart batch by batch, in a hash table", last_line(many:count "x"))
    assert.equal("  2  n = sum(x)", last_line(many:aggregate "n = sum(x)"))
  end)
end)

describe("a mistake fails on the line that made it:", function()
  local u = never_run(t)

  local function fault(expected, action)
    it(expected, function() assert.equal(expected, message(action)) end)
  end

  fault("no column 'levle'; did you mean 'level'? (columns: year, level, n)", function() u:select "levle" end)
  fault("select names column 'level' twice", function() u:select("level", "level") end)
  fault("select needs the name of a column", function() u:select() end)
  fault("column 'level' groups the table: select it too, or end the grouping with group_by()",
    function() u:group_by "level":select "n" end)
  fault("two columns would be called 'level'", function() u:rename { level = "year" } end)
  fault("column 'n' is given two names: ", function()
    local ok, err = pcall(u.rename, u, { a = "n", b = "n" })
    error(setmetatable({ kind = err.kind, message = not ok and err.message:match "^[^']*'n'[^']*" }, getmetatable(err)))
  end)
  fault("percent needs numbers, but column 'level' is text: read it as numbers, with types = { level = \"number\" }",
    function() u:percent "level" end)
  fault("percent has no option 'off'; did you mean 'of'? (options: as, of)", function() u:percent("n", { off = "total" }) end)
  fault("option 'kind' of join is 'outer': it must be one of 'inner', 'left', 'right', 'full', 'semi', 'anti'",
    function() u:join(t, { by = "level", kind = "outer" }) end)
  fault("in the other table: no column 'level' (columns: year)", function() u:join(t:select "year", { by = "level" }) end)
  fault("cannot append table 2: column 'level' is integer there and text before it",
    function() u:append(t:derive "level = 1") end)
  fault("cannot unpivot 'level' (text) with 'n' (integer): values of one column need one type",
    function() u:unpivot { "level", "n" } end)
  fault("column 'level' is text: it cannot be filled with 3", function() u:fill("level", 3) end)
  fault("change needs the column of periods, as in { over = \"year\" }", function() u:change "n" end)
  fault("change: the base is '2018', but column 'year' is integer",
    function() u:change("n", { over = "year", base = "2018" }) end)
  fault("head takes a whole number from 0, not -1", function() u:head(-1) end)
  fault("sample takes a number of rows or a share below 1, not 2.5", function() u:sample(2.5) end)
  fault("head takes a whole number from 0, not 1e+300", function() u:head(1e300) end)
  fault("a table has no verb 'fliter'; did you mean 'filter'?", function() u:fliter "n > 1" end)
  fault("a table has no verb 'mutate'; here it is written t:derive \"x = a / b\"", function() u:mutate "x = n" end)
  fault("a table has no verb 'n'; here it is written t:column \"n\"", function() return u.n end)
  fault("head is called with a colon, as in t:head(...), and not with a dot", function() u.head(3) end)
  fault("no column '`n`'; outside formulas names stand without backticks (columns: year, level, n)",
    function() u:select "`n`" end)
  fault("no function 'case_when'; here it is written if_else(condition, a, b)\n  case_when(n)\n  ^",
    function() u:derive "x = case_when(n)" end)
  fault("cannot compare date with text: write date('2019-08-31'), or date($name)\n  date(level) < 'x'\n              ^",
    function() u:filter "date(level) < 'x'" end)
  fault("no column 'NA'; here it is written nil\n  n == NA\n       ^", function() u:filter "n == NA" end)
  fault("'level' is a text here, and not a column: names have no quotes, or backticks\n  'level' == 'UG'\n          ^",
    function() u:filter "'level' == 'UG'" end)
  fault("'x.docx': the name must end in .csv .tsv .json .ndjson .txt or .md, or 'format' say the form",
    function() u:write "x.docx" end)
end)
