-- The binding, tally.core: what crosses the border between Lua and the engine, and what is refused there.

local core = require "tally.core"

local HUGE = math.huge
local NAN = 0 / 0

local function collect()
  collectgarbage()
  collectgarbage()
end

-- The error a call raises, as text, and its kind when it is an error object.
local function failure(call, ...)
  local ok, err = pcall(call, ...)
  assert.is_false(ok, "no error was raised")
  if type(err) == "table" then
    assert.is_string(err.kind)
    assert.is_string(err.message)
    return err.message, err.kind, err
  end
  assert.is_string(err)
  return err
end

local function sample()
  return core.table({ "level", "n", "share", "ok", "day" }, {
    core.column("text", { "UG", "PGT", "UG", nil }, 4),
    core.column("integer", { 5, 10, nil, 7 }, 4, { [3] = "[c]" }),
    core.column("number", { 0.5, 1, 2.25, -1 }),
    core.column("boolean", { true, false, nil, true }, 4),
    core.column("date", { "2019-08-31", "2020-02-29", nil, "1969-12-31" }, 4),
  })
end

local column = function(name) return { "column", name } end
local value = function(v, type) return { "value", v, type } end
local call = function(...) return { "call", ... } end

local CSV = "level,n\nUG,5\nPGT,10\nUG,7\n"

describe("values", function()
  local function there_and_back(type, values, n)
    local made = core.column(type, values, n)
    local back = made:values()
    assert.equal(n or #values, back.n)
    assert.equal(back.n, #made)
    assert.equal(type, made:type())
    for i = 1, back.n do
      assert.equal(values[i], back[i])
      assert.equal(values[i], (made:value(i)))
      assert.equal(math.type(values[i]), math.type(back[i]))
    end
  end

  it("of every type come back as they went in", function()
    there_and_back("boolean", { true, false, nil, true }, 4)
    there_and_back("integer", { 0, -1, math.maxinteger, math.mininteger, 2 ^ 53 | 0, nil, 3 }, 7)
    there_and_back("number", { 0.1, -2.5, HUGE, -HUGE, 5e-324, nil }, 6)
    there_and_back("text", { "", "a", "a\0b", "£ 日本", nil, ("x"):rep(100000) }, 6)
    there_and_back("date", { "2019-08-31", "2020-02-29", "1969-12-31", "0000-01-01", "9999-12-31", nil }, 6)
  end)

  it("are searched for words", function()
    for _, values in ipairs { { "UG", "  toTal ", "PGT" }, { "UG", "TOTAL PG", "PGT" } } do
      assert.is_true(core.column("text", values):holds({ "total" }, { "total " }))
      assert.is_false(core.column("text", values):holds({ "all", "tota" }, { "totals" }))
    end
    local many = {}
    for i = 1, 10000 do many[i] = "student " .. i end
    assert.is_false(core.column("text", many):holds({ "student" }, {}))
    assert.is_true(core.column("text", many):holds({ "STUDENT 9999" }, {}))
    assert.is_false(core.column("text", {}, 3):holds({ "all" }, { "all" }))
    assert.has_error(function() core.column("integer", { 1 }):holds({ "all" }, {}) end)
  end)

  it("keep NaN", function()
    local nan = core.column("number", { NAN }):value(1)
    assert.is_true(nan ~= nan)
  end)

  it("take whole floats as integers and integers as numbers", function()
    assert.same({ 3, n = 1 }, core.column("integer", { 3.0 }):values())
    local number = core.column("number", { 3 }):value(1)
    assert.equal("float", math.type(number))
  end)

  it("that are not of the type are refused, with their place", function()
    for _, case in ipairs {
      { "integer", 2.5 }, { "integer", NAN }, { "integer", HUGE }, { "integer", 2 ^ 63 }, { "integer", "1" },
      { "number", "1" }, { "text", 1 }, { "boolean", 1 }, { "boolean", "true" }, { "text", {} },
      { "date", "2019-02-29" }, { "date", "2019-13-01" }, { "date", "2019-00-10" }, { "date", "2019-04-31" },
      { "date", "31/08/2019" }, { "date", "2019-8-31" }, { "date", "" }, { "date", 20190831 }, { "date", "2019-08-3x" },
    } do
      local message, kind = failure(core.column, case[1], { nil, case[2] }, 2)
      assert.equal("type", kind)
      assert.truthy(message:find("value 2", 1, true), message)
    end
    local _, kind = failure(core.column, "missing", {})
    assert.equal("type", kind)
    _, kind = failure(core.column, "text", { "\xff" })
    assert.equal("syntax", kind)
  end)

  it("are missing with their reason", function()
    local n = core.column("integer", { 1, nil, nil }, 3, { [2] = "[c]" })
    assert.equal(2, n:missing())
    assert.same({ nil, "[c]" }, { n:value(2) })
    assert.equal(1, select("#", n:value(3)))
    assert.equal("[c]", n:reason(2))
    assert.is_nil(n:reason(1))
    assert.is_nil((n:value(0)))
    assert.is_nil((n:value(4)))
    assert.truthy(failure(core.column, "integer", {}, 1, { 5 }):find("reason 1", 1, true))
  end)

  it("of a part of the rows", function()
    local n = core.column("integer", { 1, 2, 3, 4 })
    assert.same({ 2, 3, n = 2 }, n:values(2, 3))
    assert.same({ 4, n = 1 }, n:values(4))
    assert.same({ n = 0 }, n:values(5))
    assert.same({ n = 0 }, n:values(3, 2))
    for _, range in ipairs { { 0 }, { 6 }, { 1, 5 }, { 3, 1 } } do
      assert.truthy(failure(n.values, n, range[1], range[2]):find "out of range")
    end
    assert.same({ 2, 3, n = 2 }, n:slice(2, 2):values())
  end)

  it("repeat in a constant column", function()
    assert.same({ "x", "x", "x", n = 3 }, core.constant("text", "x", 3):values())
    local none = core.constant("date", nil, 2)
    assert.equal("date", none:type())
    assert.equal(2, none:missing())
    assert.equal(0, #core.constant("integer", 1, 0))
  end)

  it("of text have a dictionary and levels", function()
    local level = core.column("text", { "PGT", "UG", "PGT" })
    assert.same({ "PGT", "UG", n = 2 }, level:dictionary())
    assert.is_false(level:has_levels())
    local ordered = level:with_levels { "UG", "PGT", "PGR" }
    assert.is_true(ordered:has_levels())
    assert.same({ "PGT", "UG", "PGT", n = 3 }, ordered:values())
    assert.is_nil(core.column("integer", { 1 }):dictionary())
    local _, kind = failure(level.with_levels, level, { "UG" })
    assert.equal("range", kind)
  end)
end)

describe("tables", function()
  it("say what they hold", function()
    local t = sample()
    assert.equal(4, #t)
    assert.equal(4, t:rows())
    assert.same({ "level", "n", "share", "ok", "day" }, t:names())
    assert.same({ "text", "integer", "number", "boolean", "date" }, t:types())
    assert.equal(2, t:index "n")
    assert.is_nil(t:index "none")
    assert.same(t:column("n"):values(), t:column(2):values())
    assert.truthy(t:bytes() > 0)
    assert.equal(7, #core.table({}, {}, 7))
    assert.equal(0, #core.table({}, {}))
  end)

  it("give parts and changes of themselves", function()
    local t = sample()
    assert.same({ 10, nil, n = 2 }, t:slice(2, 2):column("n"):values())
    assert.same({ 7, nil, 5, n = 3 }, t:take({ 4, false, 1 }):column("n"):values())
    assert.same({ "n", "level" }, t:select({ "n", "level" }):names())
    assert.same({ "level", "students" }, t:select({ "level", "n" }):rename({ "n" }, { "students" }):names())
    local with = t:with("n", core.constant("integer", 1, 4)):with("new", core.constant("text", "x", 4))
    assert.same({ "level", "n", "share", "ok", "day", "new" }, with:names())
    assert.same({ 1, 1, 1, 1, n = 4 }, with:column("n"):values())
    assert.same({ 5, 10, nil, 7, n = 4 }, t:column("n"):values())
  end)

  it("name the column that is not there", function()
    local t = sample()
    for _, wrong in ipairs { t.column, t.select, t.filter } do
      local argument = wrong == t.select and { "levle" } or wrong == t.filter and column "levle" or "levle"
      local message, kind = failure(wrong, t, argument)
      assert.equal("name", kind)
      assert.truthy(message:find("'levle'", 1, true), message)
    end
    local message, kind = failure(t.column, t, 6)
    assert.equal("name", kind)
    assert.equal("no column 6; the table has 5", message)
  end)

  it("refuse shapes that do not agree", function()
    local one, two = core.column("integer", { 1 }), core.column("integer", { 1, 2 })
    local _, kind = failure(core.table, { "a", "b" }, { one, two })
    assert.equal("shape", kind)
    _, kind = failure(core.table, { "a", "a" }, { one, one })
    assert.equal("shape", kind)
    assert.truthy(failure(core.table, { "a" }, { one, two }):find "2 columns for 1 names")
    assert.truthy(failure(core.table, { "a" }, { 5 }):find "columns%[1%]: column expected, got number")
    assert.truthy(failure(core.table, { 5 }, { one }):find "names%[1%]: text expected, got number")
    assert.truthy(failure(core.table, { "a\0b" }, { one }):find "'a' goes on after a NUL byte")
    local t = sample()
    _, kind = failure(t.take, t, { 5 })
    assert.equal("range", kind)
    assert.truthy(failure(t.take, t, { 0 }):find "rows%[1%]")
    assert.truthy(failure(t.slice, t, 0, 1):find "out of range")
  end)
end)

describe("expressions", function()
  it("filter, are evaluated, have a type", function()
    local t = sample()
    local big = call(">", column "n", value(5))
    assert.same({ "PGT", nil, n = 2 }, t:filter(big):column("level"):values())
    assert.equal("boolean", t:expression_type(big))
    assert.same({ false, true, nil, true, n = 4 }, t:evaluate(big):values())
    assert.equal("integer", t:expression_type(value(3)))
    assert.equal("number", t:expression_type(value(3.0)))
    assert.equal("date", t:expression_type(value("2019-08-31", "date")))
    assert.equal("missing", t:expression_type { "missing" })
    assert.equal("missing", t:expression_type(value(nil)))
    local late = call(">", column "day", value("2019-12-31", "date"))
    assert.same({ false, true, nil, false, n = 4 }, t:evaluate(late):values())
    local listed = call("in", column "level", value "PGT", value "PGR")
    assert.equal(1, #t:filter(listed))
  end)

  it("that make no sense are refused", function()
    local t = sample()
    local cyclic = { "call", "not" }
    cyclic[3] = cyclic
    for _, wrong in ipairs {
      {}, { "colunm", "n" }, { "column" }, { "column", 5 }, { "value", {} }, { "value", print }, { "value", 1, "int" },
      { "value", "2019-02-30", "date" }, { "call" }, { "call", 5 }, { "call", "+", 5 }, { "call", "+", column "n", "n" }, cyclic,
    } do
      assert.truthy(failure(t.filter, t, wrong):find "bad argument")
    end
    local _, kind = failure(t.filter, t, call("nonsense", column "n"))
    assert.equal("name", kind)
    _, kind = failure(t.filter, t, call("+", column "n"))
    assert.equal("shape", kind)
    _, kind = failure(t.filter, t, column "n")
    assert.equal("type", kind)
  end)

  it("can be asked of the register", function()
    assert.equal("number", core.function_type("/", { "integer", "integer" }))
    assert.equal("number", core.aggregate_type("mean", "integer"))
    assert.equal("integer", core.aggregate_type("count", "missing"))
    assert.truthy(#core.functions() > 20)
    assert.truthy(#core.aggregates() > 10)
    local _, kind = failure(core.function_type, "nonsense", {})
    assert.equal("name", kind)
    _, kind = failure(core.aggregate_type, "sum", "text")
    assert.equal("type", kind)
  end)
end)

describe("operations", function()
  it("run steps into a table, groups, or a number", function()
    local t = sample()
    local steps = {
      { "derive", "double", call("*", column "n", value(2)) },
      { "filter", call(">=", column "double", value(10)) },
    }
    local all = t:run { steps = steps, collect = true }
    assert.same({ 10, 20, 14, n = 3 }, all:column("double"):values())
    assert.same({ "double", "level" }, t:run({ steps = steps, collect = { "double", "level" } }):names())
    assert.equal(3, t:run { steps = steps, count = true })
    local groups = t:run {
      steps = steps, keys = { "level" },
      aggregates = {
        { name = "rows", func = "count" },
        { name = "sum", func = "sum", argument = column "double" },
        { name = "high", func = "sum", argument = column "double", where = call(">", column "double", value(15)) },
        { name = "middle", func = "quantile", argument = column "n", parameter = 0.5 },
      },
    }
    assert.same({ "level", "rows", "sum", "high", "middle" }, groups:names())
    assert.same({ 1, 1, 1, n = 3 }, groups:column("rows"):values())
    assert.same({ 10, 20, 14, n = 3 }, groups:column("sum"):values())
  end)

  it("refuse a run that is not one", function()
    local t = sample()
    for _, wrong in ipairs {
      {}, { collect = true, count = true }, { count = true, keys = { "n" } }, { collect = true, stpes = {} },
      { collect = true, steps = 5 }, { collect = true, steps = { 5 } }, { collect = true, steps = { { "sort" } } },
      { collect = true, steps = { { "filter" } } }, { collect = true, steps = { { "derive", 5, value(1) } } },
      { collect = 5 }, { collect = { 5 } }, { aggregates = 5 }, { aggregates = { 5 } }, { aggregates = { {} } },
      { aggregates = { { name = "x" } } }, { aggregates = { { name = "x", func = "sum", argment = 1 } } },
      { aggregates = { { name = "x", func = "quantile", argument = column "n", parameter = "high" } } },
    } do
      assert.truthy(failure(t.run, t, wrong):find "bad argument")
    end
  end)

  it("sort and keep the distinct", function()
    local t = sample()
    assert.same({ 10, 7, 5, nil, n = 4 }, t:sort({ { "n", true } }):column("n"):values())
    assert.same({ "UG", "PGT", nil, n = 3 }, t:distinct({ "level" }):column("level"):values())
    assert.equal(4, #t:distinct())
  end)

  it("join and report", function()
    local t = sample()
    local names = core.table({ "code", "title" }, {
      core.column("text", { "UG", "PGR" }), core.column("text", { "undergraduate", "research" }),
    })
    local joined, report = t:join(names, { kind = "left", left = { "level" }, right = { "code" } })
    assert.same({ "undergraduate", nil, "undergraduate", nil, n = 4 }, joined:column("title"):values())
    assert.same({ left_unmatched = 2, right_unmatched = 1, left_repeated = 0, many_to_many = false }, report)
    for _, wrong in ipairs {
      {}, { left = { "level" }, right = {} }, { kind = "outer", left = { "level" }, right = { "code" } },
      { left = { "level" }, right = { "code" }, sufix = "x" }, { left = "level", right = { "code" } },
    } do
      assert.truthy(failure(t.join, t, names, wrong):find "bad argument")
    end
  end)

  it("append, pivot, unpivot, look along a window", function()
    local t = sample():select { "level", "n" }
    local both = core.append({ t, t }, "file", { "a", "b" })
    assert.same({ "file", "level", "n" }, both:names())
    assert.equal(8, #both)
    assert.equal(8, #core.append { t, t })
    assert.truthy(failure(core.append, { t, t }, "file", { "a" }):find "1 labels for 2 tables")
    assert.truthy(failure(core.append, { t, 5 }):find "tables%[2%]: table expected, got number")
    local long = core.table({ "year", "level", "n" }, {
      core.column("integer", { 2018, 2018, 2019 }), core.column("text", { "UG", "PGT", "UG" }),
      core.column("integer", { 1, 2, 3 }),
    })
    local wide = long:pivot({ "year" }, "level", "n")
    assert.same({ "year", "UG", "PGT" }, wide:names())
    assert.same({ 2, nil, n = 2 }, wide:column("PGT"):values())
    assert.equal(4, #wide:unpivot({ "UG", "PGT" }, "level", "n"))
    assert.same({ 1, 2, 4, n = 3 }, long:window("cumulative_sum", "n", { "level" }):values(1, 3) and
      long:window("cumulative_sum", "n", { "level" }):values())
    assert.same({ nil, 1, 2, n = 3 }, long:window("lag", "n", {}, 1):values())
    assert.same({ 1, 2, 3, n = 3 }, long:window("row_number"):values())
  end)
end)

describe("reading", function()
  it("takes bytes, a path, a descriptor", function()
    local reading = core.read_csv({ bytes = CSV, name = "levels" })
    assert.same({ "level", "n" }, reading:table():names())
    assert.same({ 5, 10, 7, n = 3 }, reading:table():column("n"):values())
    assert.equal(0, #reading:problems())
    assert.equal(0, #reading:metadata())
    local facts = reading:facts()
    assert.equal("csv", facts.format)
    assert.equal(",", facts.separator)
    assert.equal(1, facts.header_line)
    assert.equal(#CSV, facts.bytes)
    local path = os.tmpname()
    core.write_bytes(CSV, { path = path })
    assert.equal(3, #core.read_csv({ path = path }):table())
    os.remove(path)
    assert.equal(2, #core.read_json({ bytes = '[{"a":1},{"a":null}]' }):table())
    assert.equal(1, #core.read_json({ bytes = '{"a":1}' }, { lines = true, chunk_bytes = 3, on_problem = "error" }):table())
  end)

  it("takes every option", function()
    local function read(text, options) return core.read_csv({ bytes = text }, options):table() end
    assert.same({ "a", "b" }, read("UG;5\n", { separator = ";", header = "none", names = { "a", "b" } }):names())
    assert.same({ "n" }, read(CSV, { columns = { "n" } }):names())
    assert.same({ "text", "text" }, read(CSV, { all_text = true }):types())
    assert.same({ "text", "number" }, read(CSV, { types = { n = "number" } }):types())
    assert.equal(1, #read(CSV, { limit = 1 }))
    assert.equal(3, #read("junk\n" .. CSV, { skip = 1 }))
    assert.same({ 5, nil, 7, n = 3 }, read(CSV, { missing = { "10" } }):column("n"):values())
    assert.equal("10", read(CSV, { symbols = { "10" } }):column("n"):reason(2))
    assert.same({ '"UG"', n = 1 }, read('level,n\n"UG",5\n', { quote = false }):column("level"):values())
    assert.equal(3, #read(CSV, { encoding = "UTF-8", quote = "'", escape = "\\", comment = "#", decimal = ".", trim = false,
      on_problem = "report", reader = "lax", chunk_bytes = 64, header = "first" }))
    assert.equal("[c]", core.symbols()[1])
  end)

  it("refuses what is no input or no option", function()
    for _, wrong in ipairs {
      {}, { path = "a", bytes = "b" }, { path = 5 }, { path = "a\0b" }, { bytes = 5 }, { descriptor = -1 }, { descriptor = NAN },
      { descriptor = 2 ^ 31 }, { descriptor = "0" }, { file = "a" }, { [1] = "a" }, { name = "a" },
    } do
      assert.truthy(failure(core.read_csv, wrong):find "bad argument")
      assert.truthy(failure(core.read_json, wrong):find "bad argument")
    end
    for _, wrong in ipairs {
      { separator = ",," }, { separator = "" }, { separator = 5 }, { quote = true }, { header = "yes" }, { skip = -1 },
      { limit = 0.5 }, { names = "a" }, { names = { 1 } }, { columns = { true } }, { types = { "integer" } }, { types = "integer" },
      { types = { n = "int" } }, { all_text = "yes" }, { missing = "x" }, { trim = 1 }, { on_problem = "ignore" },
      { reader = "slow" }, { chunk_bytes = 2 ^ 31 }, { encoding = "a\0b" },
    } do
      assert.truthy(failure(core.read_csv, { bytes = CSV }, wrong):find "bad argument")
    end
    local message = failure(core.read_csv, { bytes = CSV }, { seperator = ";" })
    assert.truthy(message:find("unknown option 'seperator'; did you mean 'separator'?", 1, true), message)
  end)

  it("fails with the file and the place", function()
    local _, kind, err = failure(core.read_csv, { path = "no-such-file.csv" })
    assert.equal("io", kind)
    assert.equal("no-such-file.csv", err.file)
    assert.truthy(tostring(err):find(err.message, 1, true))
    _, kind, err = failure(core.read_csv, { bytes = "a,b\n1\n", name = "short" }, { on_problem = "error" })
    assert.equal("syntax", kind)
    assert.equal("short", err.file)
    assert.equal(2, err.line)
    _, kind = failure(core.read_csv, { descriptor = 987654 })
    assert.equal("io", kind)
  end)
end)

describe("writing", function()
  it("gives a text without an output", function()
    local t = sample():select { "level", "n" }
    assert.equal("level,n\nUG,5\nPGT,10\nUG,[c]\n,7\n", t:write_csv())
    assert.equal("UG;5\r\nPGT;10\r\nUG;-\r\n-;7\r\n",
      t:write_csv(nil, { separator = ";", header = false, symbols = false, missing = "-", line_end = "\r\n" }))
    assert.equal(4, select(2, t:write_json(nil, { lines = true }):gsub("\n", "")))
    assert.equal(4, #core.read_json({ bytes = t:write_json() }):table())
  end)

  it("goes to a file", function()
    local t, path = sample(), os.tmpname()
    assert.equal(0, select("#", t:write_csv { path = path }))
    local file = assert(io.open(path, "rb"))
    assert.equal(t:write_csv(), file:read "a")
    file:close()
    core.write_bytes("a\0b", { path = path })
    file = assert(io.open(path, "rb"))
    assert.equal("a\0b", file:read "a")
    file:close()
    os.remove(path)
    local _, kind = failure(t.write_csv, t, { path = "/no/such/folder/x.csv" })
    assert.equal("io", kind)
  end)

  it("refuses what is no output or no option", function()
    local t = sample()
    for _, wrong in ipairs { {}, { path = "a", descriptor = 1 }, { descriptor = -1 }, { pth = "a" } } do
      assert.truthy(failure(t.write_csv, t, wrong):find "bad argument")
      assert.truthy(failure(t.write_json, t, wrong):find "bad argument")
      assert.truthy(failure(core.write_bytes, "", wrong):find "bad argument")
    end
    assert.truthy(failure(t.write_csv, t, nil, { headers = true }):find("did you mean 'header'?", 1, true))
  end)

  it("survives a large text", function()
    local t = core.table({ "x" }, { core.constant("text", ("y"):rep(1000), 5000) })
    assert.equal(2 + 5000 * 1001, #t:write_csv())
  end)
end)

describe("errors", function()
  after_each(function() core.set_error_metatable(nil) end)

  it("wear the metatable that was set", function()
    local worn = { __tostring = function(e) return "<" .. e.kind .. ">" end }
    core.set_error_metatable(worn)
    local _, _, err = failure(core.column, "integer", { "x" })
    assert.equal(worn, getmetatable(err))
    assert.equal("<type>", tostring(err))
    core.set_error_metatable(nil)
    _, _, err = failure(core.column, "integer", { "x" })
    assert.equal(err.message, tostring(err))
  end)
end)

describe("the machine", function()
  it("answers and is set", function()
    assert.is_string(core.version())
    local threads = core.threads()
    assert.equal(3, core.threads(3))
    assert.equal(3, core.threads())
    core.threads(threads)
    local kernel = core.kernel()
    assert.equal("portable", core.kernel "portable")
    assert.equal(kernel, core.kernel(kernel))
    assert.truthy(failure(core.kernel, "abacus"):find "'abacus'")
    assert.equal("0.1", core.format_number(0.1))
    assert.equal("-12", core.format_number(-12))
    assert.truthy(failure(core.format_number, "x"):find "number expected")
  end)

  it("refuses memory above the limit and goes on below it", function()
    core.memory_limit(core.memory_used() + 100000)
    local _, kind = failure(core.constant, "integer", 1, 1000000)
    assert.equal("memory", kind)
    assert.equal(1000, #core.constant("integer", 1, 1000))
    core.memory_limit(0)
    assert.equal(1000000, #core.constant("integer", 1, 1000000))
  end)

  it("stops when asked", function()
    local t = core.table({ "n" }, { core.constant("integer", 1, 300000) })
    core.cancel(true)
    local ok, err = pcall(t.filter, t, call("==", column "n", value(1)))
    core.cancel(false)
    assert.is_false(ok)
    assert.equal("cancel", err.kind)
    assert.equal(300000, #t:filter(call("==", column "n", value(1))))
  end)
end)

-- Each function with arguments that work; the tests below replace them one by one.
local function good_calls()
  local t, c, r = sample(), core.column("text", { "UG", "PGT" }), core.read_csv { bytes = CSV }
  local methods = {
    table = {
      rows = {}, names = {}, types = {}, bytes = {}, column = { "n" }, index = { "n" }, slice = { 1, 2 }, take = { { 1 } },
      select = { { "n" } }, rename = { { "n" }, { "m" } }, with = { "m", t:column "n" },
      filter = { call("==", column "n", value(5)) }, evaluate = { column "n" }, expression_type = { column "n" },
      run = { { collect = true } }, sort = { { { "n", true } } }, distinct = { { "level" } }, top = { { "level" }, "n", 2 },
      join = { t, { left = { "n" }, right = { "n" } } }, pivot = { { "day" }, "level", "n" },
      unpivot = { { "n" }, "name", "value" }, window = { "sum", "n", { "level" }, 1 }, write_csv = { nil, {} },
      write_json = { nil, {} },
    },
    column = {
      type = {}, length = {}, missing = {}, bytes = {}, has_levels = {}, dictionary = {}, holds = { { "a" }, { "b" } },
      value = { 1 }, reason = { 1 },
      values = { 1, 2 }, slice = { 1, 1 }, with_levels = { { "UG", "PGT" } },
    },
    reading = { table = {}, problems = {}, metadata = {}, facts = {}, sample = {} },
  }
  local functions = {
    version = {}, threads = { 2 }, kernel = { "portable" }, memory_used = {}, memory_limit = { 0 }, cancel = { false },
    symbols = {}, functions = {}, aggregates = {}, function_type = { "not", { "boolean" } }, aggregate_type = { "sum", "integer" },
    progress = { false }, read_csv = { { bytes = CSV }, {} }, scan_csv = { { bytes = CSV }, {} },
    draw = { { core.scan_csv { bytes = CSV } }, { count = true }, "file", { "a" } },
    read_json = { { bytes = "[]" }, {} }, table = { { "a" }, { c }, 2 },
    column = { "text", { "a" }, 2, {} }, constant = { "integer", 1, 3 }, append = { { t }, "file", { "a" } },
    write_bytes = { "", { path = os.tmpname() } }, format_number = { 1 }, nearest = { "a", { "b" } }, caller = {}, screen_width = {},
    set_error_metatable = { {} },
    fail_allocation = { -1, false }, glob = { "*" },
  }
  return functions, methods, { table = t, column = c, reading = r }
end

describe("every function", function()
  local functions, methods, things = good_calls()
  local kernel, threads = core.kernel(), core.threads()

  local function settle()
    core.cancel(false)
    core.fail_allocation(-1, false)
    core.memory_limit(64 * 1024 * 1024)
    core.set_error_metatable(nil)
  end

  teardown(function()
    settle()
    core.memory_limit(0)
    core.kernel(kernel)
    core.threads(threads)
    os.remove(functions.write_bytes[2].path)
  end)

  local function bad_values()
    local closed = sample()
    closed:close()
    local raise = function() error "a metamethod was called" end
    local hostile = setmetatable({ "n" }, { __index = raise, __len = raise, __pairs = raise, __tostring = raise,
      __name = 5, __gc = function() end })
    return {
      { "nothing" }, { "true", true }, { "false", false }, { "NaN", NAN }, { "infinity", HUGE }, { "-infinity", -HUGE }, { "0", 0 },
      { "-1", -1 }, { "0.5", 0.5 }, { "2^31", 2 ^ 31 | 0 }, { "2^53+1", 2 ^ 53 + 1 | 0 }, { "mininteger", math.mininteger },
      { "maxinteger", math.maxinteger }, { "empty text", "" }, { "text with NUL", "a\0b" }, { "text", "no such thing" },
      { "invalid UTF-8", "\xff\xfe" }, { "empty table", {} }, { "table of tables", { {}, {} } }, { "table of numbers", { 1, 2 } },
      { "hostile table", hostile }, { "function", print }, { "thread", coroutine.create(print) }, { "file", io.stdout },
      { "table", things.table }, { "column", things.column }, { "reading", things.reading }, { "closed table", closed },
    }
  end

  -- Calls and accepts success or a clean error; a crash would end the test program.
  local function try(name, fn, arguments, count)
    settle()
    local ok, err = pcall(fn, table.unpack(arguments, 1, count))
    settle()
    if ok then return end
    if type(err) == "table" then
      assert(type(err.kind) == "string" and type(err.message) == "string" and err.message ~= "", name)
    else
      assert(type(err) == "string" and not err:find "a metamethod was called", name .. ": " .. tostring(err))
    end
  end

  local function try_all(name, fn, good)
    local count = 0
    for i in pairs(good) do count = math.max(count, i) end
    for _, bad in ipairs(bad_values()) do
      for i = 1, count + 1 do
        local arguments = table.move(good, 1, count, 1, {})
        arguments[i] = bad[2]
        try(name .. " with " .. bad[1] .. " as argument " .. i, fn, arguments, math.max(count, i))
      end
    end
    for n = 0, count do try(name .. " with " .. n .. " arguments", fn, good, n) end
  end

  it("is in the list of this test", function()
    for name in pairs(core) do assert.truthy(functions[name], name) end
    for kind, list in pairs(methods) do
      for name in pairs(debug.getmetatable(things[kind]).__index) do
        assert.truthy(list[name] or name == "close", kind .. ":" .. name)
      end
    end
  end)

  it("works with good arguments", function()
    for name, good in pairs(functions) do
      if name ~= "set_error_metatable" then core[name](table.unpack(good)) end
    end
    for kind, list in pairs(methods) do
      for name, good in pairs(list) do things[kind][name](things[kind], table.unpack(good, 1, 4)) end
    end
  end)

  it("refuses wrong arguments cleanly", function()
    for name, good in pairs(functions) do try_all("core." .. name, core[name], good) end
  end)

  it("refuses wrong arguments of methods cleanly, the object among them", function()
    for kind, list in pairs(methods) do
      for name, good in pairs(list) do
        local arguments = { things[kind] }
        for i = 1, 4 do arguments[i + 1] = good[i] end
        try_all(kind .. ":" .. name, things[kind][name], arguments)
      end
    end
  end)

  it("says that a closed object is closed", function()
    local _, list, mine = good_calls()
    for kind, thing in pairs(mine) do
      thing:close()
      thing:close()
      assert.truthy(tostring(thing):find "closed")
      for name, good in pairs(list[kind]) do
        local message = failure(debug.getmetatable(thing).__index[name], thing, table.unpack(good, 1, 4))
        assert.truthy(message:find(kind .. " is closed", 1, true), kind .. ":" .. name .. ": " .. message)
      end
    end
  end)

  it("says so of closed parts", function()
    local t, c = sample(), core.column("integer", { 1, 2, 3, 4 })
    c:close()
    assert.truthy(failure(t.with, t, "x", c):find "column is closed")
    assert.truthy(failure(core.table, { "x" }, { c }):find "column is closed")
    local other = sample()
    other:close()
    assert.truthy(failure(t.join, t, other, { left = { "n" }, right = { "n" } }):find "table is closed")
    assert.truthy(failure(core.append, { t, other }):find "table is closed")
  end)
end)

describe("objects", function()
  it("have names and closed metatables", function()
    local t = sample()
    assert.equal("tally.core", getmetatable(t))
    assert.truthy(tostring(t):find "^tally.core.table")
    assert.truthy(failure(t.rows, io.stdout):find "tally.core.table expected")
    assert.is_false(pcall(setmetatable, t, {}))
  end)

  it("are released at the end of a block", function()
    collect()
    local before = core.memory_used()
    do
      local t <close> = core.table({ "n" }, { core.constant("integer", 1, 100000) })
      assert.truthy(#t == 100000)
    end
    collect()
    assert.equal(before, core.memory_used())
  end)

  it("give back all memory when collected", function()
    collect()
    local before = core.memory_used()
    local t = sample():filter(call(">", column "n", value(5)))
    assert.truthy(core.memory_used() > before)
    assert.equal(2, #t)
    t = nil -- luacheck: ignore
    collect()
    assert.equal(before, core.memory_used())
  end)

  it("outlive the table they came from", function()
    local t = sample()
    local n = t:column "n"
    t:close()
    assert.same({ 5, 10, nil, 7, n = 4 }, n:values())
  end)

  it("may be closed by a finalizer while they are read", function()
    local closed = 0
    for round = 1, 20 do
      local texts = {}
      for i = 1, 2000 do texts[i] = "text " .. i .. " of round " .. round end
      local c = core.column("text", texts)
      setmetatable({}, { __gc = function()
        c:close()
        closed = closed + 1
      end })
      assert.equal(texts[2000], (c:values()[2000]))
    end
    collect()
    assert.equal(20, closed)
  end)
end)

describe("the collector", function()
  local function work()
    local t = sample()
    for _ = 1, 30 do
      local f = t:filter(call(">", column "n", value(4)))
      f = core.append { f, t, f }
      f:sort({ { "n", false } }):write_csv()
      core.column("text", { "a", "b" }):with_levels { "b", "a" }
      pcall(f.column, f, "none")
      pcall(core.column, "integer", { 1, "x" })
    end
    return t:write_csv()
  end

  local reference = work()

  after_each(function()
    collectgarbage "restart"
    collectgarbage "incremental"
  end)

  it("may be incremental or generational, stopped, or stepping", function()
    for _, mode in ipairs { "incremental", "generational" } do
      collectgarbage(mode)
      assert.equal(reference, work())
      collectgarbage "step"
      assert.equal(reference, work())
    end
    collectgarbage "stop"
    assert.equal(reference, work())
    assert.is_false(collectgarbage "isrunning")
    collectgarbage "restart"
    collect()
  end)

  it("is told of what lies behind the objects", function()
    for _, mode in ipairs { "incremental", "generational" } do
      collectgarbage(mode)
      collect()
      local before, most = core.memory_used(), 0
      for _ = 1, 300 do
        local _ = core.constant("integer", 1, 100000)
        most = math.max(most, core.memory_used() - before)
      end
      assert.truthy(most < 30 * 1024 * 1024, mode .. ": " .. most)
      collect()
      assert.equal(before, core.memory_used())
    end
  end)

  it("leaves no growth behind a long loop of small objects and errors", function()
    collect()
    local t = sample()
    local function round()
      for _ = 1, 500 do
        t:slice(1, 2):column("n"):values()
        pcall(t.filter, t, call("nonsense", column "n"))
        pcall(t.run, t, { steps = { { "filter", call(">", column "n", value(5)) }, { "sort" } }, collect = true })
        t:write_csv()
      end
      collect()
      return core.memory_used(), collectgarbage "count"
    end
    local engine, lua = round()
    local engine_after, lua_after = round()
    assert.equal(engine, engine_after)
    assert.truthy(lua_after < lua + 16)
  end)
end)
