--- What is known of a table without running anything: its columns and their types, its groups, and where it comes
-- from. A schema is plain, immutable data:
--
--     columns   { { name =, type =, additive =, like = }, ... }; additive is false for a column whose values must not
--     be added up; like is the name that tells what the values are, when it is not the column's own; "academic year"
--     of integers like 201920, and "year" of others that are years for sure
--     marks     does the table carry the hidden boolean column `is_total`, which marks rows that are totals of
--     others?
--     groups    the names that group_by gave
--     info      sources, metadata, problems, notes, total_columns, total_name, described, whole (the columns whose
--     texts are not cut where they are printed): carried through unchanged
--
-- @module tally.schema

local error_ = require "tally.error"
local lazy = require "tally.lazy"
local suggest = lazy "tally.suggest"

local M = {}

--- The name of the hidden column that marks totals.
M.MARKS = "is_total"

local NAMES_SHOWN = 12

-- A schema like another, with some fields changed.
local function changed(schema, fields)
  return {
    columns = fields.columns or schema.columns,
    marks = fields.marks == nil and schema.marks or fields.marks or false,
    groups = fields.groups or schema.groups,
    info = fields.info or schema.info,
  }
end
M.changed = changed

--- A schema from parallel lists; a boolean column `is_total` becomes the marks.
-- @tparam {string,...} names
-- @tparam {string,...} types
-- @tparam[opt] table info
-- @treturn table
function M.new(names, types, info)
  local schema = { columns = {}, marks = false, groups = {}, info = info or {} }
  for i, name in ipairs(names) do
    if name ~= M.MARKS then
      schema.columns[#schema.columns + 1] = { name = name, type = types[i] }
    elseif types[i] == "boolean" then
      schema.marks = true
    else
      error_.throw("type", ("column 'is_total' marks totals, so it must be boolean, not %s: give it another name")
        :format(types[i]))
    end
  end
  return schema
end

--- @treturn {string,...} the names of the columns, without the marks
function M.names(schema)
  local names = {}
  for i, column in ipairs(schema.columns) do names[i] = column.name end
  return names
end

--- @treturn {string,...} the names of all columns, the marks last
function M.all_names(schema)
  local names = M.names(schema)
  if schema.marks then names[#names + 1] = M.MARKS end
  return names
end

--- @treturn {string,...} the types of the columns
function M.types(schema)
  local types = {}
  for i, column in ipairs(schema.columns) do types[i] = column.type end
  return types
end

--- The column of a name, or nil; of `is_total`, when there are marks.
function M.find(schema, name)
  for _, column in ipairs(schema.columns) do
    if column.name == name then return column end
  end
  if name == M.MARKS and schema.marks then return { name = name, type = "boolean" } end
end

--- "no column 'levle'; did you mean 'level'? (columns: year, level)"
function M.no_column(schema, name)
  local names = M.names(schema)
  local shown = table.concat(names, ", ", 1, math.min(#names, NAMES_SHOWN))
  if #names > NAMES_SHOWN then shown = ("%s, and %d more"):format(shown, #names - NAMES_SHOWN) end
  local hint = suggest.hint(name, names)
  local inner = name:match "^`(.*)`$"
  if inner and M.find(schema, inner) then hint = "; outside formulas names stand without backticks" end
  return ("no column '%s'%s (columns: %s)"):format(name, hint, shown == "" and "none" or shown)
end

--- The column of a name; an error when there is none.
-- @param schema
-- @tparam string name
-- @tparam[opt] string what what the name is for, when it is not a text
function M.need(schema, name, what)
  if type(name) ~= "string" then
    error_.throw("type", ("%s must be the name of a column, not %s"):format(what or "an argument", M.shown(name)))
  end
  return M.find(schema, name) or error_.throw("name", M.no_column(schema, name))
end

--- A value as it stands in a message: 'text', 12, a table.
function M.shown(value)
  if type(value) == "string" then return ("'%s'"):format(value) end
  if type(value) == "number" or type(value) == "boolean" or value == nil then return tostring(value) end
  return "a " .. type(value)
end

--- A name as it stands in a formula: in backticks when it is not one word.
function M.in_formula(name)
  if name:find "^[%a_\128-\255][%w_\128-\255]*$" then return name end
  return "`" .. name:gsub("`", "``") .. "`"
end

--- The option of the readers that makes a column another type: types = { UKPRN = "text" }.
function M.type_option(name, type_)
  local key = name:find "^[%a_][%w_]*$" and name or ("[%q]"):format(name)
  return ("types = { %s = \"%s\" }"):format(key, type_)
end

--- Checks a list of names of columns: each is there, none twice.
-- @param schema
-- @tparam {string,...}|string names
-- @tparam string verb for messages
-- @treturn {string,...} a list of its own
function M.need_all(schema, names, verb)
  local list, seen = {}, {}
  for _, name in ipairs(type(names) == "table" and names or { names }) do
    M.need(schema, name, ("an argument of %s"):format(verb))
    if seen[name] then error_.throw("name", ("%s names column '%s' twice"):format(verb, name)) end
    seen[name], list[#list + 1] = true, name
  end
  return list
end

--- The column of a name; an error when it is missing or its values are not numbers.
function M.need_numeric(schema, name, verb)
  local column = M.need(schema, name, ("the first argument of %s"):format(verb))
  if not M.is_numeric(column) then
    error_.throw("type", ("%s needs numbers, but column '%s' is %s%s"):format(verb, name, column.type,
      column.type == "text" and ": read it as numbers, with " .. M.type_option(name, "number") or ""))
  end
  return column
end

--- @treturn boolean
function M.is_numeric(column)
  return column.type == "integer" or column.type == "number"
end

-- Words in the name of a column of codes, whose integers are no amounts, and which names a row only when nothing else
-- does.
local code_words = { ukprn = true, id = true, identifier = true, code = true }

--- Does a name say that a column holds codes?
-- @tparam string name
-- @treturn boolean
function M.is_code(name)
  for word in name:lower():gmatch "%a+" do
    if code_words[word] then return true end
  end
  return false
end

--- Are these numbers amounts, which may be added up? Years, percentages, shares and codes are not. A column of years is
-- one that is called so, or whose values tell (`like`).
-- @treturn boolean
function M.is_amount(column)
  if not M.is_numeric(column) or column.additive == false then return false end
  local name = column.like or column.name
  if column.type == "integer" and M.is_code(name) then return false end
  return not name:lower():find "%f[%a]years?%f[%A]"
end

--- A list as a set: { [item] = true }.
function M.set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

--- The first text column that is none of these: the one that names a row; one of codes when there is no other. Nil
-- when there is none.
-- @param schema
-- @tparam {string,...} but names
-- @treturn string|nil
function M.label(schema, but)
  local left_out, code = M.set_of(but), nil
  for _, column in ipairs(schema.columns) do
    if column.type == "text" and not left_out[column.name] then
      if not M.is_code(column.name) then return column.name end
      code = code or column.name
    end
  end
  return code
end

--- A name that no column has, made from this one.
function M.fresh(schema, name)
  local free, n = name, 1
  while free == M.MARKS or M.find(schema, free) do
    n = n + 1
    free = ("%s %d"):format(name, n)
  end
  return free
end

--- The schema with a column put in the place of the one of that name, or after the last.
function M.with(schema, column)
  if column.name == M.MARKS then return changed(schema, { marks = true }) end
  local columns, placed = {}, false
  for i, old in ipairs(schema.columns) do
    local same = old.name == column.name
    columns[i] = same and column or old
    placed = placed or same
  end
  if not placed then columns[#columns + 1] = column end
  return changed(schema, { columns = columns })
end

--- The schema with only these columns, in this order; the marks stay.
function M.select(schema, names)
  local columns = {}
  for i, name in ipairs(names) do columns[i] = M.find(schema, name) end
  return changed(schema, { columns = columns })
end

--- The schema with columns renamed.
-- @param schema
-- @tparam table new { [old] = new }
function M.rename(schema, new)
  local columns, groups, total_columns = {}, {}, {}
  for i, column in ipairs(schema.columns) do
    columns[i] = { name = new[column.name] or column.name, type = column.type, additive = column.additive,
      like = column.like }
  end
  for i, name in ipairs(schema.groups) do groups[i] = new[name] or name end
  for name in pairs(schema.info.total_columns or {}) do total_columns[new[name] or name] = true end
  return changed(schema, { columns = columns, groups = groups,
    info = M.info_with(schema.info, "total_columns", total_columns) })
end

--- The info with one field changed.
function M.info_with(info, field, value)
  local copy = {}
  for name, old in pairs(info) do copy[name] = old end
  copy[field] = value
  return copy
end

--- The info of a table made from several: that of the first, with the sources of all.
function M.info_of(schemas)
  local sources, total_columns = {}, {}
  for _, schema in ipairs(schemas) do
    for _, source in ipairs(schema.info.sources or {}) do sources[#sources + 1] = source end
    for name in pairs(schema.info.total_columns or {}) do total_columns[name] = true end
  end
  return M.info_with(M.info_with(schemas[1].info, "sources", sources), "total_columns", total_columns)
end

return M
