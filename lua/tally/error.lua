--- The one kind of error that tally throws.
-- An error is a table with `kind` ("name", "type", "syntax", "shape", "range", "io", "memory", "cancel"),
-- `message`, as far as they are known `file` or `formula`, and the `line` and `column` (in bytes, from 1) in it, and
-- `script` and `script_line`, where tally was called. `tostring` gives "script:line: file:line:column: message"; the
-- message of a formula shows its place itself. The engine raises the same kind of object: loading this module tells it
-- so.
-- @module tally.error

local core = require "tally.core"

local Error = {}
Error.__index = Error
Error.__name = "tally.error"

-- Lines of the library itself are nobody's script: ".../tally/error.lua" begins like all of its chunks.
Error.library = debug.getinfo(1, "S").source:match "^(.*)[/\\]error%.lua$"

--- What happened to which input: the message, preceded by the place in the input when there is one.
-- @treturn string
function Error:text()
  if self.formula then return self.message end
  local place = {}
  if self.file then place[#place + 1] = self.file end
  if self.line then place[#place + 1] = tostring(self.line) end
  if self.line and self.column then place[#place + 1] = tostring(self.column) end
  if #place == 0 then return self.message end
  return table.concat(place, ":") .. ": " .. self.message
end

--- The text, preceded by the line of the script.
function Error:__tostring()
  if not self.script then return self:text() end
  return ("%s:%d: %s"):format(self.script, self.script_line, self:text())
end

core.set_error_metatable(Error)

local M = {}

--- Raises an error.
-- @tparam string kind what kind of mistake it is: "name", "type", "syntax", "shape", "range" or "io"
-- @tparam string message one lower-case sentence that names the culprit in quotes and says what to do
-- @tparam[opt] table fields further fields, such as file, line and column
function M.throw(kind, message, fields)
  local object = { kind = kind, message = message }
  object.script, object.script_line = core.caller()
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
