-- Each verb against its slow twin in plain Lua, on random tables with missing values and marked totals.

local tally = require "tally"
local files = require "spec.support.files"
local twin = require "spec.support.twin"

local ROUNDS = 150

local random
local function seeded(seed)
  local state = seed
  return function(low, high)
    state = (state * 1103515245 + 12345) % 2147483648
    return low + state // 65536 % (high - low + 1)
  end
end

local function sometimes(value)
  if random(1, 6) > 1 then return value end
end

local function one_of(list)
  return list[random(1, #list)]
end

-- A random table, as tally's and as its twin's. Numbers are quarters, so that sums of them are exact.
local names = { "g", "h", "year", "x", "y" }
local types = { g = "text", h = "text", year = "integer", x = "integer", y = "number" }

local function build(rows, with_marks)
  local columns = {}
  for i, name in ipairs(names) do
    local values = { n = #rows }
    for place, row in ipairs(rows) do values[place] = row[name] end
    columns[i] = { name, values }
  end
  local marks = { n = #rows }
  for place, row in ipairs(rows) do marks[place] = row.is_total or false end
  if with_marks then columns[#columns + 1] = { "is_total", marks } end
  return tally.from_columns(columns, { types = types })
end

local function random_pair(least)
  local rows, with_marks = {}, random(1, 2) == 1
  for i = 1, random(least or 0, 24) do
    rows[i] = {
      g = sometimes(one_of { "a", "b", "c" }), h = sometimes(one_of { "p", "q", "é", "" }), year = sometimes(random(2015, 2019)),
      x = sometimes(random(-20, 60)), y = sometimes(random(-40, 200) / 4), is_total = with_marks and random(1, 5) == 1 or nil,
    }
  end
  return build(rows, with_marks), { names = names, rows = rows }
end

local function same(a, b)
  if a == b then return true end
  if type(a) ~= "number" or type(b) ~= "number" then return false end
  return math.abs(a - b) <= 1e-9 * math.max(1, math.abs(a), math.abs(b))
end

local function shown(row, columns)
  local parts = {}
  for i, name in ipairs(columns) do parts[i] = ("%s=%s"):format(name, tostring(row and row[name])) end
  return table.concat(parts, " ") .. (row and row.is_total and " total" or "")
end

-- Fails with the first row that differs.
local function assert_agree(expected, actual, what)
  assert.same(expected.names, actual:names(), what)
  local rows = actual:to_rows()
  for i = 1, math.max(#rows, #expected.rows) do
    local a, b = expected.rows[i], rows[i]
    local agree = a and b and (a.is_total or false) == (b.is_total or false)
    for _, name in ipairs(expected.names) do agree = agree and same(a[name], b[name]) end
    if not agree then
      local columns = expected.names
      assert.equal(a and shown(a, columns) or "no row", b and shown(b, columns) or "no row", ("%s, row %d"):format(what, i))
      error(("%s, row %d: %s"):format(what, i, shown(a, columns)))
    end
  end
end

-- Whether a table has rows, and all of them are totals: adding it up is refused, and `action` must say so.
local function is_refused(expected, action)
  for _, row in ipairs(expected.rows) do
    if not row.is_total then return false end
  end
  if #expected.rows == 0 then return false end
  assert.matches("are marked as totals", files.error_text(action))
  return true
end

-- Runs a property on many random tables.
local function on_random_tables(name, property, least)
  it(name, function()
    random = seeded(#name * 7919)
    for round = 1, ROUNDS do
      local t, expected = random_pair(least)
      property(t, expected, ("round %d"):format(round))
    end
  end)
end

-- ---- Random conditions, as a formula and as a function with three answers ----

local compare = {
  ["<"] = function(a, b) return a < b end, ["<="] = function(a, b) return a <= b end, [">"] = function(a, b) return a > b end,
  [">="] = function(a, b) return a >= b end, ["=="] = function(a, b) return a == b end, ["~="] = function(a, b) return a ~= b end,
}

local function comparison()
  local operator, name = one_of { "<", "<=", ">", ">=", "==", "~=" }, one_of { "x", "y", "year", "g" }
  local value = name == "g" and one_of { "a", "b", "z" } or name == "year" and random(2014, 2020) or random(-10, 40)
  local text = type(value) == "string" and ("'%s'"):format(value) or tostring(value)
  return ("%s %s %s"):format(name, operator, text), function(row)
    if row[name] == nil then return nil end
    return compare[operator](row[name], value)
  end
end

local function missing_test()
  local name, operator = one_of(names), one_of { "==", "~=" }
  return ("%s %s nil"):format(name, operator), function(row) return (row[name] == nil) == (operator == "==") end
end

local function membership()
  local negated = random(1, 2) == 1
  return negated and "g not in {'a', 'c'}" or "g in {'a', 'c'}", function(row)
    if row.g == nil then return nil end
    return (row.g == "a" or row.g == "c") ~= negated
  end
end

local function condition(depth)
  if depth == 0 or random(1, 4) == 1 then return one_of { comparison, comparison, missing_test, membership }() end
  local text, f = condition(depth - 1)
  local kind = random(1, 3)
  if kind == 1 then
    return ("not (%s)"):format(text), function(row)
      local answer = f(row)
      if answer == nil then return nil end
      return not answer
    end
  end
  local text_2, f_2 = condition(depth - 1)
  local decisive = kind == 3 -- true decides `or`, false decides `and`
  return ("(%s) %s (%s)"):format(text, decisive and "or" or "and", text_2), function(row)
    local a, b = f(row), f_2(row)
    if a == decisive or b == decisive then return decisive end
    if a == nil or b == nil then return nil end
    return not decisive
  end
end

-- ---- The verbs ----

describe("agrees with its twin:", function()
  on_random_tables("filter", function(t, expected, round)
    local text, keep = condition(3)
    assert_agree(twin.filter(expected, keep), t:filter(text), round .. ": " .. text)
  end)

  on_random_tables("filter by a table and by a function", function(t, expected, round)
    local keep = function(row) return (row.g == "a" or row.g == "b") and row.year == 2017 end
    assert_agree(twin.filter(expected, keep), t:filter { g = { "a", "b" }, year = 2017 }, round)
    assert_agree(twin.filter(expected, keep), t:filter(keep), round)
  end)

  on_random_tables("derive, replace, rename, select", function(t, expected, round)
    local function both(f)
      return function(row)
        if row.x == nil or row.y == nil then return nil end
        return f(row.x, row.y)
      end
    end
    local with_z = twin.derive(expected, "z", both(function(x, y) return x * 2 - y end))
    local replaced = twin.derive(with_z, "x", function(row) return row.z and row.z / 4 end)
    replaced = twin.derive(replaced, "q", both(function(x, y) return twin.share(x, y) end))
    assert_agree(replaced, t:derive("z = x * 2 - y", "x = z / 4", "q = percent(x, y)"), round)
    local renamed = twin.derive(twin.derive(replaced, "old_y", function(row) return row.y end), "y", function(row) return row.x end)
    assert_agree(twin.select(renamed, { "y", "g", "old_y" }),
      t:derive("z = x * 2 - y", "x = z / 4"):rename { old_y = "y" }:rename { y = "x" }:select("y", "g", "old_y"), round)
    assert_agree(twin.derive(expected, "z", both(function(x, y) return x + y end)),
      t:derive("z", both(function(x, y) return x + y end), { type = "number" }), round)
  end)

  on_random_tables("drop", function(t, expected, round)
    local dropped = one_of { { "g" }, { "year", "x" }, { "y", "h", "g" }, { "is_total", "x" }, { "is_total" } }
    if dropped[1] == "is_total" and not t:core():index "is_total" then return end
    assert_agree(twin.drop(expected, dropped), t:drop(table.unpack(dropped)), round)
    assert_agree(twin.drop(expected, dropped), t:drop(dropped), round)
  end)

  on_random_tables("describe", function(t, expected, round)
    local function key(row) return ("%s/%s"):format(tostring(row.x), tostring(row.y)) end
    local described = twin.describe(twin.derive(expected, "key", key), setmetatable({ key = "text" }, { __index = types }))
    local with_key = t:derive("key", key, { type = "text" })
    assert_agree(described, with_key:describe(), round)
    assert_agree(described, with_key:group_by("g"):describe(), round .. ": grouped")
  end)

  on_random_tables("levels", function(t, expected, round)
    local order = one_of { { "c", "a", "b" }, { "b", "z", "c", "a" } }
    local u, placed = t:levels { g = order }, twin.places(expected, "g", order)
    assert_agree(expected, u, round .. ": the rows are as they were")
    assert_agree(twin.places_back(twin.sort(placed, { { "g", true }, { "x", false } }), "g", order), u:sort("-g", "x"), round)
    local counts = twin.aggregate(placed, { "g" }, { { "n", "rows" }, { "s", "sum", "y" } })
    assert_agree(twin.places_back(twin.sort(counts, { { "g", false } }), "g", order),
      u:aggregate("n = count()", "s = sum(y)", { by = "g" }), round .. ": groups")
  end)

  on_random_tables("aggregate", function(t, expected, round)
    local keys = one_of { {}, { "g" }, { "g", "h" }, { "year" }, { "h", "year", "g" } }
    local text, keep = condition(2)
    local formulas, items = { "n = count()", ("some = sum(x where %s)"):format(text) }, { { "n", "rows" }, { "some", "sum", "x", keep } }
    for _, which in ipairs { "count", "sum", "mean", "min", "max", "median", "distinct", "first", "last" } do
      for _, column in ipairs { "x", "y" } do
        formulas[#formulas + 1] = ("%s_%s = %s(%s)"):format(column, which, which, column)
        items[#items + 1] = { column .. "_" .. which, which, column }
      end
    end
    local result = twin.aggregate(expected, keys, items)
    assert_agree(result, t:group_by(table.unpack(keys)):aggregate(table.unpack(formulas)), round)
    local ratio = twin.derive(result, "ratio", function(row) return twin.share(row.some, row.x_sum) end)
    assert_agree(twin.select(ratio, { "ratio", table.unpack(keys) }),
      t:aggregate(("ratio = percent(sum(x where %s), sum(x))"):format(text), { by = keys }):select("ratio", table.unpack(keys)), round)
  end)

  on_random_tables("aggregate after filter and derive, in one program", function(t, expected, round)
    local text, keep = condition(2)
    local rows = twin.derive(twin.filter(expected, keep), "y", function(row) return row.x and row.x * 2 end)
    assert_agree(twin.aggregate(rows, { "h" }, { { "s", "sum", "y" } }),
      t:filter(text):derive("y = x * 2"):rename { level = "h" }:aggregate("s = sum(y)", { by = "level" }):rename { h = "level" }, round)
  end)

  on_random_tables("count", function(t, expected, round)
    if is_refused(expected, function() return t:count("g"):collect() end) then return end
    assert_agree(twin.aggregate(expected, { "g", "h" }, { { "n", "rows" } }), t:count("g", "h"), round)
    assert_agree(twin.aggregate(expected, { "g" }, { { "x", "sum", "x" } }), t:count("g", { weight = "x", as = "x" }), round)
  end)

  on_random_tables("sort", function(t, expected, round)
    assert_agree(twin.sort(expected, { { "g", false }, { "x", true } }), t:sort("g", "-x"), round)
    local with_key = twin.derive(expected, "key", function(row) return row.x and row.x % 7 end)
    assert_agree(twin.select(twin.sort(with_key, { { "key", true }, { "y", false } }), names), t:sort("-x % 7", "y"), round)
  end)

  on_random_tables("head, tail and slice", function(t, expected, round)
    local by = one_of { {}, { "g" }, { "g", "year" } }
    local grouped = t:group_by(table.unpack(by))
    local n, first, last = random(0, 4), random(-5, 5), random(-5, 5)
    assert_agree(twin.slice(expected, 1, n, by), grouped:head(n), round)
    assert_agree(n == 0 and twin.slice(expected, 1, 0, by) or twin.slice(expected, -n, -1, by), grouped:tail(n), round)
    assert_agree(twin.slice(expected, first, last, by), grouped:slice(first, last), round .. (": %d to %d"):format(first, last))
  end)

  on_random_tables("distinct", function(t, expected, round)
    assert_agree(twin.distinct(expected, { "g", "year" }), t:distinct("g", "year"), round)
    assert_agree(twin.distinct(expected, names), t:distinct(), round)
  end)

  on_random_tables("join", function(t, expected, round)
    local u, other = random_pair()
    u = u:select("g", "x"):rename { other_x = "x" }
    other = twin.select(twin.derive(other, "other_x", function(row) return row.x end), { "g", "other_x" })
    for _, kind in ipairs { "inner", "left", "right", "full", "semi", "anti" } do
      local joined = t:join(u, { by = "g", kind = kind })
      assert_agree(twin.join(expected, other, "g", kind), joined, round .. ": " .. kind)
      assert.equal(#twin.join(expected, other, "g", "anti").rows, joined:unmatched().left)
      assert.equal(#twin.join(other, expected, "g", "anti").rows, joined:unmatched().right)
    end
  end)

  on_random_tables("append", function(t, expected, round)
    local u, other = random_pair()
    u, other = u:rename { z = "y" }:select("z", "g"), twin.select(twin.derive(other, "z", function(row) return row.y end), { "z", "g" })
    assert_agree(twin.append(expected, other), t:append(u), round)
  end)

  on_random_tables("pivot and unpivot", function(t, expected, round)
    local cells = twin.aggregate(expected, { "g", "year" }, { { "s", "sum", "x" } })
    local long = t:aggregate("s = sum(x)", { by = { "g", "year" } })
    local function by_name(rows) return twin.derive(rows, "g", function(row) return row.g end) end
    assert_agree(twin.pivot(by_name(cells), { "year" }, "g", "s"), long:pivot("g", "s"), round)
    local both = twin.derive(expected, "v", function(row) return row.x end)
    assert_agree(twin.unpivot(both, { "x", "y" }, "name", "value"), t:derive "v = x":unpivot { "x", "y" }, round)
  end, 1)

  on_random_tables("percent", function(t, expected, round)
    assert_agree(twin.percent(expected, "x", {}, "x_percent"), t:percent "x", round)
    assert_agree(twin.percent(expected, "y", { "g", "h" }, "p"), t:percent("y", { of = { "g", "h" }, as = "p" }), round)
    assert_agree(twin.percent(expected, "y", { "g" }, "y_percent"), t:group_by "g":percent "y", round)
  end)

  on_random_tables("cumulative and rank", function(t, expected, round)
    local by = one_of { {}, { "g" }, { "g", "h" } }
    assert_agree(twin.cumulative(expected, "x", by, "c"), t:cumulative("x", { by = by, as = "c" }), round)
    assert_agree(twin.rank(expected, "y", by, "y_rank"), t:group_by(table.unpack(by)):rank "y", round)
  end)

  on_random_tables("totals", function(t, expected, round)
    assert_agree(twin.totals(expected, {}, { "x", "y" }, "g"), t:totals(), round)
    assert_agree(twin.totals(expected, { "g" }, { "x", "y" }, "h"), t:group_by "g":totals(), round)
    assert_agree(twin.totals(expected, { "year" }, { "x" }, "g"), t:totals { by = "year", of = "x" }, round)
  end)

  on_random_tables("top", function(t, expected, round)
    local n, by = random(1, 5), one_of { {}, { "h" } }
    assert_agree(twin.top(expected, n, "y", by), t:top(n, "y", { by = by }), round)
    local function add_rest(rows, sorted)
      if #sorted <= n then return end
      local rest = { table.unpack(sorted, n + 1) }
      local row = twin.aggregate({ names = names, rows = rest }, {}, { { "x", "sum", "x" }, { "y", "sum", "y" } }).rows[1]
      row.g, row.h = "All other", #by > 0 and sorted[1].h or nil
      rows[#rows + 1] = row
    end
    assert_agree(twin.top(expected, n, "y", by, add_rest), t:top(n, "y", { by = by, other = "All other" }), round .. ": other")
  end)

  on_random_tables("change", function(t, expected, round)
    local once = twin.distinct(expected, { "g", "year" })
    local u = t:distinct("g", "year")
    for _, kind in ipairs { "absolute", "percent", "points", "index", "annual" } do
      local base = one_of { false, 2016 } or nil
      assert_agree(twin.change(once, "y", "year", { "g" }, kind, base, "c"),
        u:change("y", { over = "year", by = "g", kind = kind, base = base, as = "c" }), round .. ": " .. kind .. tostring(base))
    end
  end)

  on_random_tables("crosstab", function(t, expected, round)
    if is_refused(expected, function() return t:crosstab("h", "g") end) then return end
    for _, percent in ipairs { false, "row", "column", "total" } do
      assert_agree(twin.crosstab(expected, "h", "g", "x", percent or nil),
        t:crosstab("h", "g", { value = "sum(x)", percent = percent or nil, totals = "both" }), round .. tostring(percent))
    end
  end)

  on_random_tables("fill and sample", function(t, expected, round)
    assert_agree(twin.derive(expected, "x", function(row) return row.x or 7 end), t:fill("x", 7), round)
    local n = random(0, 30)
    local drawn, numbered = t:sample(n, { seed = random(0, 99) }), 0
    assert.equal(math.min(n, #expected.rows), #drawn)
    for row in drawn:rows() do -- each drawn row is there, and in its order
      repeat
        numbered = numbered + 1
        local original = expected.rows[numbered]
        assert.truthy(original, round)
      until original.x == row.x and original.y == row.y and original.g == row.g and original.h == row.h and original.year == row.year
    end
  end)
end)
