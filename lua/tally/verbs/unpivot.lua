--- `t:unpivot({ "England", "Wales" }, { names_to = "country", values_to = "students" })`: columns become rows, one
-- for each, with the name of the column and its value. A row that comes from a column of totals is marked as a
-- total, when there are columns beside it that are not; of columns of totals alone, "Total" is that of the others.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"
local steps = require "tally.steps"
local totals = require "tally.totals"

local function value_type(schema, names)
  local kind, first
  for _, name in ipairs(names) do
    local column = schema_.find(schema, name)
    if kind and column.type ~= kind then
      if not (schema_.is_numeric(column) and (kind == "integer" or kind == "number")) then
        error_.throw("type", ("cannot unpivot '%s' (%s) with '%s' (%s): values of one column need one type")
          :format(first, kind, name, column.type))
      end
      kind = "number"
    end
    kind, first = kind or column.type, first or name
  end
  return kind
end

local function columns_of(schema, names, names_to, values_to)
  local turned, columns, taken = {}, {}, {}
  for _, name in ipairs(names) do turned[name] = true end
  for _, column in ipairs(schema.columns) do
    if not turned[column.name] then columns[#columns + 1] = column end
  end
  columns[#columns + 1] = { name = names_to, type = "text" }
  columns[#columns + 1] = { name = values_to, type = value_type(schema, names) }
  for _, column in ipairs(columns) do
    if taken[column.name] then
      error_.throw("name", ("unpivot would make a second column '%s': choose another name"):format(column.name))
    end
    taken[column.name] = true
  end
  return columns
end

local function check_groups(schema, names)
  for _, name in ipairs(names) do
    for _, group in ipairs(schema.groups) do
      if group == name then
        error_.throw("name", ("column '%s' groups the table: it cannot become rows"):format(name))
      end
    end
  end
end

-- Those of the names for which `is_total` says so; nil when it says so of none or of all.
local function some_of(names, is_total)
  local chosen = {}
  for _, name in ipairs(names) do
    if is_total(name) then chosen[#chosen + 1] = name end
  end
  return #chosen > 0 and #chosen < #names and chosen or nil
end

-- Those of the columns that are totals of the others. "Total UK" and "Total Non-UK" alone are data, "Total" beside them
-- is not.
local function total_names(schema, names)
  local known = schema.info.total_columns or {}
  return some_of(names, function(name) return known[name] end)
    or some_of(names, function(name) return known[name] and totals.is_label(name) end) or {}
end

local function mark_totals(result, names, names_to)
  local from_total = steps.call("in", steps.column(names_to))
  for _, name in ipairs(total_names(result.schema, names)) do from_total[#from_total + 1] = steps.value(name) end
  if #from_total == 3 then return result end
  if result.schema.marks then from_total = steps.call("or", steps.column(schema_.MARKS), from_total) end
  return steps.derive(result, schema_.MARKS, from_total, "it is a total, or comes from a column of totals")
end

return function(node, names, options)
  options = options_.check("unpivot", options, { names_to = "string", values_to = "string" })
  local names_to, values_to = options.names_to or "name", options.values_to or "value"
  names = schema_.need_all(node.schema, names, "unpivot")
  if #names == 0 then error_.throw("shape", "unpivot needs at least one column to turn into rows") end
  check_groups(node.schema, names)
  local columns = columns_of(node.schema, names, names_to, values_to)
  return mark_totals(plan.unpivot(node, names, names_to, values_to, columns), names, names_to)
end
