--- Options of verbs: a table of named values at the end of the arguments. An unknown name is an error, never ignored.
-- @module tally.options

local error_ = require "tally.error"
local lazy = require "tally.lazy"
local number = require "tally.number"
local schema_ = require "tally.schema"
local suggest = lazy "tally.suggest"

local M = {}

--- The arguments before the options, and the options.
-- @treturn table the arguments, with their number in `n`
-- @treturn table|nil the options
function M.split(...)
  local list = { n = select("#", ...), ... }
  local last = list[list.n]
  if list.n == 0 or type(last) ~= "table" or getmetatable(last) ~= nil then return list, nil end
  list[list.n] = nil
  list.n = list.n - 1
  return list, last
end

--- Names that are given one by one, or as one list.
-- @treturn {string,...}
function M.names(...)
  local first = ...
  return select("#", ...) == 1 and type(first) == "table" and rawget(first, "plan") == nil and first or { ... }
end

--- Checks options.
-- @tparam string verb for messages
-- @tparam table|nil options
-- @tparam table known { name = "string" | "number" | "boolean" | "any" | "names" | { allowed values } }
-- @treturn table the options, never nil
function M.check(verb, options, known)
  if options == nil then return {} end
  if type(options) ~= "table" then
    error_.throw("type", ("%s takes its options as a table, not %s"):format(verb, schema_.shown(options)))
  end
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  for name, value in pairs(options) do
    if known[name] == nil then
      error_.throw("name", ("%s has no option %s%s (options: %s)"):format(verb, schema_.shown(name),
        suggest.hint(tostring(name), names), table.concat(names, ", ")))
    end
    M.check_value(verb, name, value, known[name])
  end
  return options
end

local function one_of(value, allowed)
  for _, item in ipairs(allowed) do
    if item == value then return true end
  end
  return false
end

--- Checks the value of one option.
function M.check_value(verb, name, value, wanted)
  if wanted == "any" then return end
  if type(wanted) == "table" then
    if one_of(value, wanted) then return end
    error_.throw("range", ("option '%s' of %s is %s: it must be one of '%s'"):format(name, verb, schema_.shown(value),
      table.concat(wanted, "', '")))
  end
  local good = wanted == "names" and (type(value) == "string" or type(value) == "table") or type(value) == wanted
  if good then return end
  error_.throw("type", ("option '%s' of %s must be %s, not %s"):format(name, verb,
    wanted == "names" and "a name or a list of names" or "a " .. wanted, schema_.shown(value)))
end

--- The groups that a verb works within: the option `by`, or those of group_by.
-- @tparam string verb
-- @param node
-- @tparam table options
-- @treturn {string,...}
function M.groups(verb, node, options)
  if options.by == nil then return node.schema.groups end
  return schema_.need_all(node.schema, options.by, verb)
end

--- A whole number not below a least one, and not beyond those that a double holds exactly.
function M.need_count(verb, value, least)
  if not number.is_whole(value) or value < least or value > 2^53 then
    error_.throw("range", ("%s takes a whole number from %d, not %s"):format(verb, least, schema_.shown(value)))
  end
  return value
end

return M
