--- The library of analyses: `tally.analyses.students_by_level` and so on, each loaded when it is first used.
--
-- @module tally.analyses

local suggest = require "tally.suggest"

local analyses = {}

--- The names of the analyses there are.
-- @return an array of texts
local names = { "coverage", "growth", "international_students_of_group", "students_by_level" }

local known = {}
for _, name in ipairs(names) do known[name] = true end

return setmetatable(analyses, {
  __index = function(_, name)
    if type(name) ~= "string" or name:sub(1, 1) == "_" then return nil end
    if not known[name] then suggest.refuse("tally.analyses", name, names) end
    local loaded = require("tally.analyses." .. name)
    rawset(analyses, name, loaded)
    return loaded
  end,
})
