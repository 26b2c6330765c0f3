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

tasks[task]()
