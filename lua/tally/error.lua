--- The one kind of error that tally throws.
-- An error is a table with `kind` ("name", "type", "syntax", "shape", "range", "io", "memory", "cancel"),
-- `message`, and as far as they are known `file`, `line` and `column`. `tostring` gives "file:line:column:
-- message". The engine raises the same kind of object: loading this module tells it so.
-- @module tally.error

local core = require "tally.core"

local Error = {}
Error.__index = Error
Error.__name = "tally.error"

--- The message, preceded by the place when there is one.
function Error:__tostring()
  local place = {}
  if self.file then place[#place + 1] = self.file end
  if self.line then place[#place + 1] = tostring(self.line) end
  if self.line and self.column then place[#place + 1] = tostring(self.column) end
  if #place == 0 then return self.message end
  return table.concat(place, ":") .. ": " .. self.message
end

core.set_error_metatable(Error)

local M = {}

--- Raises an error.
-- @tparam string kind what kind of mistake it is: "name", "type", "syntax", "shape", "range" or "io"
-- @tparam string message one lower-case sentence that names the culprit in quotes and says what to do
-- @tparam[opt] table fields further fields, such as file, line and column
function M.throw(kind, message, fields)
  local object = { kind = kind, message = message }
  for name, value in pairs(fields or {}) do object[name] = value end
  error(setmetatable(object, Error))
end

--- Is this a value that tally has raised?
-- @param value anything
-- @treturn boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

return M
