-- tally. What each task prints is said in bench/run.
local task, path, numbers, text = ...
local tally = require "tally"

local function peak_memory()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmHWM:%s*(%d+)"
    if kib then return kib end
  end
end

local function load_all(from)
  return tally.read_csv(from or path, { quiet = true }):collect()
end

-- Rows, the sum of each column of numbers, and how many different texts.
local function check(t)
  local formulas = { "rows = count()" }
  for name in numbers:gmatch "[^,]+" do formulas[#formulas + 1] = ("sum_%s = sum(%s)"):format(name, name) end
  formulas[#formulas + 1] = ("texts = distinct(%s)"):format(text)
  local all, values = t:aggregate(table.unpack(formulas)), {}
  for i, name in ipairs(all:names()) do values[i] = ("%.17g"):format(all:value(1, name)) end
  return table.concat(values, " ")
end

local tasks = {}

function tasks.version() print("tally " .. tally._VERSION) end

function tasks.load()
  local now = require "clock"
  local start = now()
  local t = load_all()
  print(("%.4f %s"):format(now() - start, peak_memory()), check(t))
end

function tasks.write()
  local now, written, t = require "clock", path .. ".written.csv", load_all()
  local start = now()
  t:write(written, { format = "csv" })
  print(("%.4f %s"):format(now() - start, peak_memory()), check(load_all(written)))
end

function tasks.start() print(#load_all()) end

function tasks.oneshot()
  local t = tally.read_csv(path, { quiet = true, columns = { "level", "domicile" } })
    :count("domicile", "level")
    :group_by "domicile"
    :percent "n"
  for row in t:rows() do
    print(("%s\t%s\t%d\t%.2f"):format(row.domicile or "", row.level, row.n, row.n_percent))
  end
end

-- Asks each question several times, and prints a line of it: its name, the least time, the peak memory, and what shows
-- that the answer is right.
local function ask(questions, check_answer)
  local now = require "clock"
  for _, question in ipairs(questions) do
    local best, kept = math.huge, {}
    for _ = 1, tonumber(os.getenv "BENCH_ASKED" or 3) do
      kept.answer = nil
      collectgarbage()
      collectgarbage()
      local start = now()
      kept.answer = question.ask():collect()
      best = math.min(best, now() - start)
    end
    print(("%s\t%.6f\t%s\t%s"):format(question.name, best, peak_memory(), check_answer(kept.answer, question)))
  end
end

-- What a text of these files has after "id", as a number; a number as it is.
local function digits(value) return type(value) == "string" and tonumber(value:sub(3)) or value end

local function join(values)
  for i, value in ipairs(values) do values[i] = ("%.17g"):format(value) end
  return table.concat(values, " ")
end

-- Rows, the sum of each value, and of the first value times the last key.
local function check_groups(t, question)
  local sums, products = { #t }, 0
  local keys, values = t:column(question.key), t:column(question.values[1])
  for i, name in ipairs(question.values) do
    sums[i + 1] = t:group_by():aggregate(("total = sum(%s)"):format(name)):value(1, "total")
  end
  for i = 1, #t do
    if keys[i] and values[i] then products = products + values[i] * digits(keys[i]) end
  end
  sums[#sums + 1] = products
  return join(sums)
end

local function check_order(t, question)
  local shown, keys = { #t }, t:column(question.key)
  for quarter = 1, 3 do shown[quarter + 1] = digits(keys[#t * quarter // 4 + 1]) end
  shown[5] = t:aggregate("total = sum(v3)"):value(1, "total")
  return join(shown)
end

local function check_join(t)
  local all = t:aggregate("rows = count()", "v1 = sum(v1)", "v2 = sum(v2)", "products = sum(v1 * v2)")
  return join { all:value(1, "rows"), all:value(1, "v1"), all:value(1, "v2"), all:value(1, "products") }
end

local function group_questions(t)
  local function of(name, keys, aggregates, values)
    return { name = name, key = keys[#keys], values = values,
      ask = function() return t:group_by(keys):aggregate(table.unpack(aggregates)) end }
  end
  return {
    of("gb1", { "id1" }, { "v1 = sum(v1)" }, { "v1" }),
    of("gb2", { "id1", "id2" }, { "v1 = sum(v1)" }, { "v1" }),
    of("gb3", { "id3" }, { "v1 = sum(v1)", "v3 = mean(v3)" }, { "v1", "v3" }),
    of("gb4", { "id4" }, { "v1 = mean(v1)", "v2 = mean(v2)", "v3 = mean(v3)" }, { "v1", "v2", "v3" }),
    of("gb5", { "id6" }, { "v1 = sum(v1)", "v2 = sum(v2)", "v3 = sum(v3)" }, { "v1", "v2", "v3" }),
    of("gb6", { "id4", "id5" }, { "m = median(v3)", "s = sd(v3)" }, { "m", "s" }),
    of("gb7", { "id3" }, { "r = max(v1) - min(v2)" }, { "r" }),
    { name = "gb8", key = "id6", values = { "v3" },
      ask = function() return t:filter("v3 ~= nil"):select("id6", "v3"):group_by("id6"):top(2, "v3") end },
    of("gb9", { "id2", "id4" }, { "r2 = corr(v1, v2) ^ 2" }, { "r2" }),
    of("gb10", { "id1", "id2", "id3", "id4", "id5", "id6" }, { "v3 = sum(v3)", "n = count()" }, { "v3", "n" }),
  }
end

local function sort_question(t, key)
  return { name = "sort " .. key, key = key, ask = function() return t:sort(key) end }
end

function tasks.groupby() ask(group_questions(load_all()), check_groups) end

function tasks.sort()
  local t = load_all()
  ask({ sort_question(t, "id6"), sort_question(t, "id3") }, check_order)
end

function tasks.join()
  local left, right = load_all(), {}
  for _, size in ipairs { "small", "medium", "big" } do
    right[size] = load_all((path:gsub("%.csv$", "_" .. size .. "%0")))
  end
  local function with(name, size, key, kind)
    return { name = name, ask = function() return left:join(right[size], { by = key, kind = kind }) end }
  end
  ask({
    with("join1", "small", "id1", "inner"),
    with("join2", "medium", "id2", "inner"),
    with("join3", "medium", "id2", "left"),
    with("join4", "medium", "id5", "inner"),
    with("join5", "big", "id3", "inner"),
  }, check_join)
end

-- How long the same questions take on more and more rows.
function tasks.growth()
  local now, asked = require "clock", { gb1 = true, gb5 = true, gb6 = true, gb10 = true }
  local start = now()
  local t, questions = load_all(), {}
  print(("load\t%.4f\t%s\t%d"):format(now() - start, peak_memory(), #t))
  for _, question in ipairs(group_questions(t)) do
    if asked[question.name] then questions[#questions + 1] = question end
  end
  questions[#questions + 1] = sort_question(t, "id6")
  ask(questions, function(answer) return #answer end)
end

-- How long a sum for each group takes: as many groups as `numbers` says, of integers and of texts. v3 is spread evenly
-- over 0 to 100, and the table is read as if it had been published.
function tasks.groups()
  local keyed = tally.read_csv(path, { quiet = true, columns = { "v3" } })
    :derive("integers = integer(floor(v3 * $groups / 100))", { groups = tonumber(numbers) })
    :derive("texts = 'id' .. text(integers)")
    :write(nil, { format = "csv" })
  local t = tally.read_csv({ text = keyed }, { quiet = true })
  local function by(key) return { name = key, ask = function() return t:group_by(key):aggregate "v3 = sum(v3)" end } end
  ask({ by "integers", by "texts" }, function(answer) return #answer end)
end

tasks[task]()
