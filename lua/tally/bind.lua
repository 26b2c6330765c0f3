--- Several files as one table: bound by name, with the types they agree on, and a column that says which file.
--
-- A part is what was read from one file: { input, name, table, problems, source }; `unread`: its table has no rows, and
-- its types are what they are.
--
-- @module tally.bind

local core = require "tally.core"
local error_ = require "tally.error"
local read_options = require "tally.read_options"
local schema_ = require "tally.schema"

local bind = {}

-- Words in the names of columns that hold codes, which are text whatever they look like.
local identifier_words = {
  ukprn = true, code = true, id = true, identifier = true, cah = true, hecos = true, jacs = true, isin = true,
  doi = true, urn = true,
}

local function is_identifier(name)
  for word in name:lower():gmatch "%a+" do
    if identifier_words[word] then return true end
  end
  return false
end

-- ---- Types ----

-- Has the column no value but published symbols? A reader that finds nothing else takes it for text.
local function is_empty(part, name, type_)
  local column = part.table:column(name)
  if column:missing() == column:length() then return true end
  if type_ ~= "text" then return false end
  local symbols = { "call", "in", { "column", name } }
  for _, symbol in ipairs(core.symbols()) do symbols[#symbols + 1] = { "value", symbol } end
  return part.table:run { steps = { { "filter", { "call", "not", symbols } } }, count = true } == 0
end

-- The columns of all parts in order of first appearance, and for each the types it has: { [type] = the first part }. An
-- empty column has no type of its own: "missing".
local function gather_columns(parts)
  local order, found = {}, {}
  for _, part in ipairs(parts) do
    local types = part.table:types()
    for i, name in ipairs(part.table:names()) do
      if not found[name] then
        found[name] = {}
        order[#order + 1] = name
      end
      local type_ = not part.unread and is_empty(part, name, types[i]) and "missing" or types[i]
      found[name][type_] = found[name][type_] or part
    end
  end
  return order, found
end

-- The one type for a column that the files do not agree on; nil when nothing need be done.
local function common_type(name, types)
  local present = {}
  for _, type_ in ipairs(read_options.types) do
    if types[type_] then present[#present + 1] = type_ end
  end
  if #present == 1 then return types.missing and present[1] or nil end
  if #present == 0 then return nil end
  if #present == 2 and types.integer and types.number then return types.integer.unread and "number" or nil end
  if types.text and is_identifier(name) then return "text" end
  local text = "column '%s' is %s in '%s' but %s in '%s': say which it is, e.g. %s"
  local one, other = present[1], present[2]
  error_.throw("type", text:format(name, one, types[one].name, other, types[other].name,
    schema_.type_option(name, "text")))
end

--- The types that must be given so that the parts can be bound: where a column of codes is text in one file and looks
-- like numbers in another it is text, and a column that is empty in one file is what it is elsewhere. Other
-- differences are errors.
-- @param parts an array of parts
-- @return a table { [name] = type }; empty when the parts agree
function bind.types(parts)
  local order, found = gather_columns(parts)
  local types = {}
  for _, name in ipairs(order) do types[name] = common_type(name, found[name]) end
  return types
end

-- ---- Labels, metadata ----

local function base_name(path)
  return path:match "[^/]+$" or path
end

--- The names of the files without their folders, unless two would be the same.
-- @param parts an array of parts
-- @return an array of texts
function bind.labels(parts)
  local short, long, seen = {}, {}, {}
  local same = false
  for i, part in ipairs(parts) do
    long[i], short[i] = part.name, base_name(part.name)
    same = same or seen[short[i]]
    seen[short[i]] = true
  end
  return same and long or short
end

local function is_shared(parts, key, value)
  for _, part in ipairs(parts) do
    if part.source.metadata[key] ~= value then return false end
  end
  return true
end

--- The metadata in which all files agree.
-- @param parts an array of parts
-- @return a list of { key =, value = }, which can also be asked by key
function bind.metadata(parts)
  local first, shared = parts[1].source.metadata, {}
  for _, pair in ipairs(first) do
    if pair.key and is_shared(parts, pair.key, first[pair.key]) then
      shared[#shared + 1] = pair
      shared[pair.key] = first[pair.key]
    end
  end
  return shared
end

--- One field of each part.
-- @param parts an array of parts
-- @param field its name
-- @return an array
function bind.each(parts, field)
  local list = {}
  for i, part in ipairs(parts) do list[i] = part[field] end
  return list
end

--- The tables and the problems of the parts, bound.
-- @param parts an array of parts
-- @param origin the name of the column that says which file; nil: none
-- @return the data and the problems, as core tables
function bind.tables(parts, origin)
  local labels = bind.labels(parts)
  local data, problems = bind.each(parts, "table"), bind.each(parts, "problems")
  return core.append(data, origin, labels), core.append(problems, "file", labels)
end

return bind
