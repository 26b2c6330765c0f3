--- `t:append(u, v)`: the rows of all tables, one after another. Columns are bound by name; where a table has no such
-- column, its values are missing. `{ origin = "file", labels = { "2018", "2019" } }` adds a first column that says
-- which table a row is from.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

local function united(a, b, number)
  if a.type == b.type and a.like == b.like then return a end
  if a.type == b.type or schema_.is_numeric(a) and schema_.is_numeric(b) then
    return { name = a.name, type = a.type == b.type and a.type or "number", additive = a.additive,
      like = a.like == b.like and a.like or nil }
  end
  error_.throw("type", ("cannot append table %d: column '%s' is %s there and %s before it"):format(number, a.name,
    b.type, a.type))
end

local function columns_of(schemas, origin)
  local columns, place = {}, {}
  if origin then columns[1], place[origin] = { name = origin, type = "text" }, 1 end
  for number, schema in ipairs(schemas) do
    for _, column in ipairs(schema.columns) do
      local at = place[column.name]
      if origin and at == 1 then
        error_.throw("name", ("table %d has a column '%s' already: choose another name for the origin"):format(number,
          origin))
      end
      place[column.name] = at or #columns + 1
      columns[place[column.name]] = at and united(columns[at], column, number) or column
    end
  end
  return columns
end

local function labels_of(nodes, options)
  if not options.origin then return nil end
  local labels = options.labels or {}
  if #labels ~= #nodes then
    error_.throw("shape", ("append with origin '%s' needs %d labels, one for each table, not %d")
      :format(options.origin, #nodes, #labels))
  end
  return labels
end

return function(node, ...)
  local list, options = options_.split(...)
  if options and options[1] ~= nil then
    error_.throw("type", "append takes tables one by one, as in t:append(u, v), not a list: rows of values become a "
      .. "table by tally.from_rows")
  end
  options = options_.check("append", options, { origin = "string", labels = "names" })
  local nodes, schemas, marks = { node }, { node.schema }, node.schema.marks
  for i = 1, list.n do
    local other = type(list[i]) == "table" and list[i].plan
    if not other then error_.throw("type", ("append takes tables, not %s"):format(schema_.shown(list[i]))) end
    nodes[i + 1], schemas[i + 1], marks = other, other.schema, marks or other.schema.marks
  end
  local schema = schema_.changed(node.schema, { columns = columns_of(schemas, options.origin), marks = marks,
    info = schema_.info_of(schemas) })
  return plan.append(nodes, schema, options.origin, labels_of(nodes, options))
end
