-- Formulas: what they mean, and what is said about those that mean nothing.

local tally = require "tally"
local check = require "tally.check"
local formula = require "tally.formula"

-- A tree in brackets, operators first.
local function shown(node)
  if node.tag == "name" then return node.name end
  if node.tag == "missing" then return "nil" end
  if node.tag == "parameter" then return "$" .. node.name end
  if node.tag == "value" then return node.type == "text" and ("%q"):format(node.value) or tostring(node.value) end
  local parts = { node.func }
  for _, part in ipairs(node) do parts[#parts + 1] = shown(part) end
  if node.where then parts[#parts + 1] = "where " .. shown(node.where) end
  return "(" .. table.concat(parts, " ") .. ")"
end

local function parsed(text)
  return shown(formula.parse(text).tree)
end

local message = require("spec.support.files").error_text

describe("a formula", function()
  it("binds as Lua does", function()
    for text, tree in pairs {
      ["a + b * c"] = "(+ a (* b c))",
      ["a - b - c"] = "(- (- a b) c)",
      ["a // b % c / d"] = "(/ (% (// a b) c) d)",
      ["-a ^ b"] = "(neg (^ a b))",
      ["a ^ b ^ c"] = "(^ a (^ b c))",
      ["2 ^ -x ^ 2"] = "(^ 2 (neg (^ x 2)))",
      ["a .. b .. c"] = "(.. a b c)",
      ["a .. b + c"] = "(.. a (+ b c))",
      ["not a == b"] = "(== (not a) b)",
      ["a or b and c"] = "(or a (and b c))",
      ["a and b and c"] = "(and a b c)",
      ["a < b == c"] = "(== (< a b) c)",
      ["(a + b) * c"] = "(* (+ a b) c)",
      ["- - a"] = "(neg (neg a))",
      ["not - not a"] = "(not (neg (not a)))",
      ["- not a"] = "(neg (not a))",
      ["android + notes + india"] = "(+ (+ android notes) india)",
      ["a - -1"] = "(- a (neg 1))",
    } do
      assert.equal(tree, parsed(text), text)
    end
  end)

  it("has Lua's literals", function()
    for text, tree in pairs {
      ["12"] = "12", ["0x1F"] = "31", ["1.5e3"] = "1500.0", [".5"] = "0.5", ["3."] = "3.0", ["true"] = "true", ["nil"] = "nil",
      ["'it\\'s'"] = '"it\'s"', ['"a\\65\\x42\\u{20AC}"'] = '"aAB€"', ["'a\\z  \n  b'"] = '"ab"',
      ["9223372036854775807"] = "9223372036854775807",
    } do
      assert.equal(tree, parsed(text), text)
    end
    assert.equal("a\nb\t\\", formula.parse([['a\nb\t\\']]).tree.value)
    assert.equal("integer", formula.parse("5").tree.type)
    assert.equal("number", formula.parse("5.0").tree.type)
  end)

  it("has names, tests and aggregates of its own", function()
    for text, tree in pairs {
      ["`Total Non-UK` + `a``b`"] = "(+ Total Non-UK a`b)",
      ["x == nil"] = "(is_missing x)",
      ["nil ~= x + 1"] = "(not (is_missing (+ x 1)))",
      ["level in {'UG', 'PGT'}"] = '(in level "UG" "PGT")',
      ["level not in $list"] = "(not (in level $list))",
      ["a in {1} and b"] = "(and (in a 1) b)",
      ["a in {}"] = "(in a)",
      ["sum(n where d == 'China')"] = '(sum n where (== d "China"))',
      ["count(where x)"] = "(count where x)",
      ["quantile(x, 0.9 where y)"] = "(quantile x 0.9 where y)",
      ["f()"] = "(f)",
      ["größe + 1"] = "(+ größe 1)",
    } do
      assert.equal(tree, parsed(text), text)
    end
  end)

  it("may assign", function()
    local one = formula.parse " `share of all` = a == b"
    assert.same({ "share of all", "(== a b)", 19 }, { one.name, shown(one.tree), one.start })
    assert.is_nil(formula.parse("a == b").name)
  end)
end)

describe("a mistake in a formula", function()
  local t = tally.from_columns { { "level", { "UG" } }, { "n", { 75 } } }

  local function place(action)
    local _, err = pcall(action)
    return { err.formula, err.line, err.column, err.file }
  end

  it("has its function named, also by the name that it has elsewhere", function()
    for name, written in pairs { averge = "mean(x)", averge_x = false, meddian = false } do
      local _, err = pcall(function() return t:filter(name .. "(n) > 1") end)
      assert.equal(written and ("no function '%s'; here it is written %s"):format(name, written)
        or name == "meddian" and "no function 'meddian'; did you mean 'median'?" or "no function 'averge_x'",
        err.message:match "^[^\n]*")
    end
  end)

  it("has its line and column in the error", function()
    assert.same({ "n * / 2", 1, 5 }, place(function() t:filter "n * / 2" end))
    assert.same({ "x = n +\n  levle", 2, 3 }, place(function() t:derive "x = n +\n  levle" end))
    assert.same({ "m = sum(level)", 1, 5 }, place(function() t:aggregate "m = sum(level)" end))
  end)
end)

describe("a mistake in a formula is shown where it is:", function()
  local function fault(text, expected)
    it(text == "" and "(nothing)" or text, function()
      assert.equal(expected, message(formula.parse, text))
    end)
  end

  fault("students * / 2", "expected a value after '*'\n  students * / 2\n             ^")
  fault("x = a +", "expected a value after '+'\n  a +\n     ^")
  fault("", "expected a value\n  \n  ^")
  fault("a != b", "write ~= for 'not equal'\n  a != b\n    ^")
  fault("f(a <> b)", "write ~= for 'not equal'\n  f(a <> b)\n      ^")
  fault("f(a = b)", "write == to compare\n  f(a = b)\n      ^")
  fault("a && b", "write 'and'\n  a && b\n    ^")
  fault("a || b", "write 'or'\n  a || b\n    ^")
  fault("!a", "write 'not'\n  !a\n  ^")
  fault("(a + b", "expected ')' at the end\n  (a + b\n        ^")
  fault("f(a b)", "expected ')' before 'b'\n  f(a b)\n      ^")
  fault("a in b", "expected a list after 'in', such as {'UG', 'PGT'} or $list\n  a in b\n       ^")
  fault("a b", "'b' is not expected here\n  a b\n    ^")
  fault("'abc", "a text is opened and not closed: expected '\n  'abc\n      ^")
  fault("`abc", "a name in backticks is opened and not closed: expected '`'\n  `abc\n      ^")
  fault("'a\\q'", "no such escape in a text: write \\\\ for a backslash\n  'a\\q'\n     ^")
  fault("2019_20", "a name cannot begin with a digit: put it in backticks\n  2019_20\n      ^")
  fault("99999999999999999999",
    "the integer does not fit 64 bits: write it with a decimal point for a number\n  99999999999999999999\n  ^")
  fault("count() where x", "'where' belongs inside the brackets of an aggregate: count(where ...)\n  count() where x\n          ^")
  fault("é + é é", "'é' is not expected here\n  é + é é\n        ^")
  fault("a +\n  b * * c", "expected a value after '*'\n    b * * c\n        ^")

  it("in a long formula, with what is around it", function()
    local text = message(formula.parse, ("aaaaaaaaa + "):rep(50) .. "* b" .. (" + ccccccc"):rep(50))
    for line in text:gmatch "[^\n]+" do assert.is_true(#line < 200) end
    local shown_line, caret = text:match "\n(.-)\n(.-)$"
    assert.equal("* b", shown_line:sub(#caret, #caret + 2))
  end)
end)

describe("hostile text", function()
  it("gets a clean error", function()
    assert.equal("the formula has 65537 bytes: at most 65536", message(formula.parse, ("a"):rep(65537)))
    assert.matches("^brackets are nested too deeply: at most 100\n", message(formula.parse, ("("):rep(60000)))
    assert.matches("^brackets are nested too deeply: at most 100\n", message(formula.parse, ("f("):rep(30000)))
    assert.matches("^brackets are nested too deeply", message(formula.parse, "a in " .. ("{a in "):rep(9000)))
    local t = tally.from_rows { { a = 1 } }
    assert.matches("nested too deeply", message(t.filter, t, "a" .. (" + 1"):rep(9000) .. " > 1"))
    assert.matches("nested too deeply", message(t.filter, t, ("- "):rep(9000) .. "a > 1"))
    assert.matches("nested too deeply", message(t.filter, t, ("not "):rep(9000) .. "a"))
  end)

  it("of any bytes never raises anything but tally's error", function()
    local pieces = { "a", "(", ")", "{", "}", "'", '"', "`", "\\", "$", " in ", " not ", " and ", "where", "=", "==", "~", "^", "..", ".", "1",
      "e5", "0x", ",", "\n", "\0", "\255", "é", "nil", "-", "sum(" }
    local state = 1
    for _ = 1, 3000 do
      local parts = {}
      for i = 1, 12 do
        state = (state * 1103515245 + 12345) % 2147483648
        parts[i] = pieces[state // 65536 % #pieces + 1]
      end
      local ok, err = pcall(formula.parse, table.concat(parts))
      assert.is_true(ok or type(err) == "table" and err.kind == "syntax", tostring(err))
    end
  end)

  it("may hold as many brackets as it says, and long chains of and, or and ..", function()
    local t = tally.from_rows { { a = 1 } }
    assert.equal("a", parsed(("("):rep(100) .. "a" .. (")"):rep(100)))
    assert.equal(1, #t:filter("a == 0" .. (" or a == 1"):rep(3000)))
    assert.equal(1, #t:derive("b = 'x'" .. (" .. 'y'"):rep(3000)))
    assert.equal(1, #t:filter("a" .. (" + 1"):rep(150) .. " > 1"))
  end)
end)

describe("checking", function()
  local t = tally.from_columns { { "level", { "UG", "PGT" } }, { "students", { 75, 12 } }, { "fee", { 1.5, 2.5 } } }

  local function fault(verb, arguments, expected)
    it(tostring(arguments[1]), function() assert.equal(expected, message(t[verb], t, table.unpack(arguments))) end)
  end

  fault("filter", { "studnets > 3" },
    "no column 'studnets'; did you mean 'students'? (columns: level, students, fee)\n  studnets > 3\n  ^")
  fault("filter", { "zz > 3" }, "no column 'zz' (columns: level, students, fee)\n  zz > 3\n  ^")
  fault("filter", { "level > 3" }, "cannot compare text with integer: column 'level' is text; write '3'\n"
    .. "  level > 3\n        ^")
  fault("filter", { "students" }, "expected a condition, which is true or false, but this is integer\n  students\n  ^")
  fault("filter", { "level = 'UG'" }, "write == to compare\n  level = 'UG'\n        ^")
  fault("filter", { "level == $l" },
    "no value is given for '$l': pass it after the formula, as in { l = ... }\n  level == $l\n           ^")
  fault("filter", { "level == $level", { levle = "UG" } },
    "no value is given for '$level'; did you mean 'levle'?\n  level == $level\n           ^")
  fault("filter", { "students > 1", { level = "UG" } }, "filter was given 'level', but no formula has '$level'")
  fault("filter", { "level == $l", { l = { "UG" } } }, "'$l' is a list: write `in $l`\n  level == $l\n           ^")
  fault("derive", { "x = percnt(students, 2)" }, "no function 'percnt'; did you mean 'percent'?\n  percnt(students, 2)\n  ^")
  fault("derive", { "x = 1 + level" }, "no '+' for integer and text\n  1 + level\n    ^")
  fault("derive", { "x = sum(students)" }, "sum() is an aggregate: use it in aggregate(...)\n  sum(students)\n  ^")
  fault("derive", { "x = max(students)" }, "max() of one value is an aggregate: use it in aggregate(...)\n  max(students)\n  ^")
  fault("derive", { "students * 2" }, "derive needs a name for the result, as in \"x = students * 2\"\n  students * 2\n  ^")
  fault("derive", { "x = abs(students where fee > 1)" },
    "'where' belongs inside an aggregate, as in sum(n where ...)\n  abs(students where fee > 1)\n                         ^")
  fault("aggregate", { "x = students" },
    "column 'students' has many values in a group: aggregate it, as in sum(students), or group by it\n  students\n  ^")
  fault("aggregate", { "n = sum(students, fee)" }, "'sum' takes 1 argument, not 2\n  sum(students, fee)\n  ^")
  fault("aggregate", { "q = quantile(fee, 2)" },
    "the probability of a quantile is a plain number from 0 to 1\n  quantile(fee, 2)\n                ^")
  fault("aggregate", { "n = count()", "n = sum(fee)" }, "'n' is there already: give the result another name\n  n = sum(fee)\n  ^")

  it("takes values by name, never as text of the formula", function()
    local hostile = "' or true or level == '"
    assert.equal(0, #t:filter("level == $l", { l = hostile }))
    assert.equal(1, #t:filter("level in $l", { l = { hostile, "UG" } }))
    assert.equal(2, #t:filter("level not in $l", { l = {} }))
    assert.equal(150, t:derive("x = students * $k", { k = 2 }):value(1, "x"))
    assert.equal("integer", t:derive("x = students * $k", { k = 2 }):types()[4])
    assert.equal("number", t:derive("x = students * $k", { k = 2.0 }):types()[4])
  end)

  it("gives other rooms a condition over a table of the engine", function()
    assert.equal(1, t:core():filter(check.expression("students > 20", t:core())):rows())
  end)
end)

describe("a value that", function()
  local texts = tally.from_columns { { "x", { "6*", "1", " ", "1" } } }

  it("does not convert is an error, or missing when it was only tried", function()
    assert.matches("'6%*' is not an integer; try_integer gives missing for such texts",
      message(function() return texts:derive "n = integer(x)":collect() end))
    local tried = texts:derive "n = try_integer(x)"
    assert.same({ nil, 1, nil, 1 }, { tried:value(1, "n"), (tried:value(2, "n")), (tried:value(3, "n")), (tried:value(4, "n")) })
    assert.equal(2, texts:filter "x ~= '6*'":derive "n = integer(x)":aggregate "n = sum(n)":value(1, "n"))
    assert.is_nil((tally.from_rows { { x = 2.5 } }:derive "n = try_integer(x)":value(1, "n")))
  end)

  it("is a date in either form of the files", function()
    local dates = tally.from_columns { { "x", { "31/07/2019", "2019-07-31" } } }
    assert.equal(2, #dates:filter "date(x) == date('2019-07-31')")
  end)

  it("would lose digits is not put among numbers", function()
    local large = math.tointeger and math.tointeger(2 ^ 53) + 1
    if not large then return end -- a Lua without integers has lost them already
    local t = tally.from_columns { { "x", { large } } }
    for _, formula_text in ipairs { "y = coalesce(x, 0.5)", "y = if_else(true, x, 0.5)" } do
      assert.matches("^9007199254740993 is an integer that would lose digits", message(function() return t:derive(formula_text):collect() end))
    end
    assert.matches("lose digits", message(tally.from_columns, { { "x", { large, 0.5 } } }))
  end)

  it("is missing for a reason stays so through what is computed from it alone", function()
    local t = tally.read_csv { text = "a,n\nUG,5\nPGR,[c]\n", quiet = true }
      :derive("half = round(n / 2, 1)", "minus = -n", "twice = n + n"):select("half", "minus", "twice")
    assert.equal("half,minus,twice\n2.5,-5,10\n[c],[c],\n", t:write())
  end)
end)
