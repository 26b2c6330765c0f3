-- tally's side: for each line, the path of a chunk that gives a Table, one line of JSON with what the table holds, all values as texts:
--
--     { "names": [...], "types": [...], "columns": [[...], ...] }    or    { "error": message }

local tally_table = require "tally.table"

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\" }

local function quoted(text)
  return '"' .. text:gsub('[%z\1-\31\\"]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function shown(value)
  if value == nil then return "null" end
  if math.type(value) == "float" then return quoted(("%.17g"):format(value)) end
  return quoted(tostring(value))
end

local function list(length, item)
  local parts = {}
  for i = 1, length do parts[i] = item(i) end
  return "[" .. table.concat(parts, ",") .. "]"
end

-- The verbs have no window functions of their own, the engine has.
function _G.window(t, name, func, column, by, offset)
  local core = t:core()
  return tally_table.from_core(core:with(name, core:window(func, column, by, offset)))
end

local function answer(path)
  local t = assert(loadfile(path))()
  local rows, core = #t, t:core() -- a plan is counted without being kept, where that can be done
  local names, types = t:names(), t:types()
  if rows ~= core:rows() then error(("# gives %d rows, but there are %d"):format(rows, core:rows())) end
  assert(table.concat(types, " ") == table.concat(core:types(), " "), "the plan knew other types")
  return ('{"names":%s,"types":%s,"columns":%s}'):format(
    list(#names, function(i) return quoted(names[i]) end), list(#types, function(i) return quoted(types[i]) end),
    list(#names, function(i)
      local values = core:column(i):values(1, rows)
      return list(rows, function(row) return shown(values[row]) end)
    end))
end

io.stdout:setvbuf "full"
for path in io.lines() do
  local ok, result = pcall(answer, path)
  io.write(ok and result or ('{"error":%s}'):format(quoted(tostring(result))), "\n")
  io.flush()
end
