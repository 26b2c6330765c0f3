--- The name that was probably meant.
-- @module tally.suggest

local core = require "tally.core"
local error_ = require "tally.error"

local M = {}

--- The nearest of some names, when it is near enough to have been meant (`tally_nearest` in tally.h).
-- @tparam string name what was written
-- @tparam {string,...} names what there is
-- @treturn string|nil
function M.nearest(name, names)
  if name:find("%z") then return nil end
  return core.nearest(name, names)
end

--- "; did you mean 'level'?", or nothing.
-- @tparam string name what was written
-- @tparam {string,...} names what there is
-- @treturn string
function M.hint(name, names)
  local nearest = M.nearest(name, names)
  return nearest and ("; did you mean '%s'?"):format(nearest) or ""
end

--- An error for a name that is not there: "tally has no 'readcsv'; did you mean 'read_csv'?".
-- @tparam string what has no such name
-- @tparam string name what was written
-- @tparam {string,...} names what there is
function M.refuse(what, name, names)
  table.sort(names)
  local hint = M.hint(name, names)
  error_.throw("name", ("%s has no '%s'%s"):format(what, name, hint ~= "" and hint
    or "; there are: " .. table.concat(names, ", ")))
end

return M
