--- tally: tables as they are published, counted, and turned into figures that can be defended.
--
--     local tally = require "tally"
--     local students = tally.read_csv "dt051-table-1-20182019.csv"
--     print(students)
--     print(students
--       :filter "`Total Non-UK` > 1000"
--       :derive "share = percent(`Total Non-UK`, Total)"
--       :sort "-share"
--       :head(10))
--
-- Each part loads when it is first used.
--
-- @module tally

local core = require "tally.core"

local tally = {
  _VERSION = core.version(),

  --- Threads used from now on; without an argument the number in force.
  -- @function threads
  -- @param[opt] n 0: as many as there are cores
  -- @return the number in force
  threads = core.threads,

  --- The most memory, in bytes, that tables may take; beyond it is an error.
  -- @function memory_limit
  -- @param bytes 0: no limit
  memory_limit = core.memory_limit,
}

-- name -> module and field; loaded when first asked for.
local parts = {
  read_csv = { "tally.read", "csv" },
  scan_csv = { "tally.scan", "csv" },
  read_json = { "tally.read", "json" },
  read_ndjson = { "tally.read", "ndjson" },
  from_rows = { "tally.values", "from_rows" },
  from_columns = { "tally.values", "from_columns" },
  analysis = { "tally.analysis", "new" },
  analyses = { "tally.analyses" },
}

-- A name that is not there is a slip of the pen; the likes of __tostring are asked for by Lua itself.
local function missing(name)
  if type(name) ~= "string" or name:sub(1, 1) == "_" then return nil end
  local names = {}
  for each in pairs(parts) do names[#names + 1] = each end
  for each in pairs(tally) do
    if not parts[each] and each:sub(1, 1) ~= "_" then names[#names + 1] = each end
  end
  require("tally.suggest").refuse("tally", name, names)
end

return setmetatable(tally, {
  __index = function(_, name)
    local part = parts[name]
    if not part then return missing(name) end
    local loaded = require(part[1])
    loaded = part[2] and loaded[part[2]] or loaded
    rawset(tally, name, loaded)
    return loaded
  end,
})
