--- `t:join(other, { by = "UKPRN" })`: rows of two tables that have the same key, side by side.
--
--     by       a name, a list of names, or { left_name = "right_name" }
--     kind     "inner" (the default), "left", "right", "full"; "semi" keeps rows that match, "anti" those that do not
--     suffix   added to a column of `other` whose name this table has too: "_right"
--     as_of    a name, or { left_name = "right_name" }: integers, numbers or dates. Of the rows of `other` that match,
--              only the last one that is not after this row, as in { by = "UKPRN", as_of = { year = "valid_from" } };
--              `by` may then be left out, and `kind` is "inner", "left", "semi" or "anti"
--     match_missing   do missing keys match one another? They do not, unless this is true
--     relationship    "one-to-one", "many-to-one" (rows of `other` match many, rows of this table one at most), or
--                     "one-to-many": it is an error when the rows do not match so. Unless given, anything goes: a row
--                     that matches several comes once for each, and sums count it as often
--
-- `result:unmatched()` says how many rows of each side found no match, and how many of this one found several.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

local known = { by = "names", kind = { "inner", "left", "right", "full", "semi", "anti" }, suffix = "string",
  match_missing = "boolean", as_of = "names", relationship = { "one-to-one", "many-to-one", "one-to-many" } }

-- The two lists of columns that `by` or `as_of` stands for.
local function pairs_of(by)
  if by == nil then return {}, {} end
  if type(by) == "string" then return { by }, { by } end
  local left, right = {}, {}
  for i, name in ipairs(by) do left[i], right[i] = name, name end
  local pairs_ = {}
  for name in pairs(by) do
    if type(name) == "string" then pairs_[#pairs_ + 1] = name end
  end
  table.sort(pairs_)
  for _, name in ipairs(pairs_) do left[#left + 1], right[#right + 1] = name, by[name] end
  return left, right
end

local function check_key(left_schema, right_schema, left, right)
  local a = schema_.need(left_schema, left, "a key of join")
  if type(right) ~= "string" or not schema_.find(right_schema, right) then
    error_.throw("name", "in the other table: " .. schema_.no_column(right_schema, tostring(right)))
  end
  local b = schema_.find(right_schema, right)
  if a.type == b.type or schema_.is_numeric(a) and schema_.is_numeric(b) then return end
  local to_read = a.type == "text" and right or left
  error_.throw("type", ("cannot join '%s' (%s) with '%s' (%s)%s"):format(left, a.type, right, b.type,
    (a.type == "text" or b.type == "text") and ": read both as text, e.g. " .. schema_.type_option(to_read, "text")
      or ""))
end

local function key_column(left, right)
  return { name = left.name, type = left.type == right.type and left.type or "number", additive = false,
    like = left.like }
end

local ordered = { integer = true, number = true, date = true }

-- The two columns of `as_of`, or nothing.
local function as_of_columns(left_schema, right_schema, options)
  if options.as_of == nil then return nil end
  local left, right = pairs_of(options.as_of)
  if #left ~= 1 then
    error_.throw("shape", "as_of names one column of either table, as in "
      .. "{ by = \"UKPRN\", as_of = { year = \"valid_from\" } }")
  end
  check_key(left_schema, right_schema, left[1], right[1])
  local a, b = schema_.find(left_schema, left[1]), schema_.find(right_schema, right[1])
  if a.type ~= b.type or not ordered[a.type] then
    error_.throw("type", ("cannot join '%s' (%s) as of '%s' (%s): both must be integers, numbers or dates")
      :format(left[1], a.type, right[1], b.type))
  end
  if options.kind == "right" or options.kind == "full" then
    error_.throw("shape", ("a join as of '%s' is inner, left, semi or anti"):format(left[1]))
  end
  if options.relationship then
    error_.throw("shape", ("a join as of '%s' finds one row at most: it takes no relationship"):format(left[1]))
  end
  return { left[1], right[1] }
end

-- The columns of the result: those of left, then those of right that are not keys.
local function columns_of(left_schema, right_schema, options)
  local columns, taken, partner, is_key = {}, {}, {}, {}
  for i, name in ipairs(options.left) do partner[name], is_key[options.right[i]] = options.right[i], true end
  for i, column in ipairs(left_schema.columns) do
    local right = partner[column.name] and schema_.find(right_schema, partner[column.name])
    local mixed = right and (options.kind == "right" or options.kind == "full")
    columns[i], taken[column.name] = mixed and key_column(column, right) or column, true
  end
  if options.kind == "semi" or options.kind == "anti" then return columns end
  for _, column in ipairs(right_schema.columns) do
    if not is_key[column.name] then
      local name = taken[column.name] and column.name .. options.suffix or column.name
      if taken[name] then
        error_.throw("name", ("two columns would be called '%s': give join another suffix"):format(name))
      end
      taken[name] = true
      columns[#columns + 1] = { name = name, type = column.type, additive = column.additive, like = column.like }
    end
  end
  return columns
end

-- A row is a total when either side is; where a row comes from is where both sides come from.
local function schema_of(left, right, options)
  local columns = columns_of(left, right, options)
  if options.kind == "semi" or options.kind == "anti" then return schema_.changed(left, { columns = columns }) end
  return schema_.changed(left, { columns = columns, marks = left.marks or right.marks,
    info = schema_.info_of { left, right } })
end

return function(node, other, options)
  local right = type(other) == "table" and other.plan
  if not right then error_.throw("type", ("join takes another table first, not %s"):format(schema_.shown(other))) end
  options = options_.check("join", options, known)
  local left_keys, right_keys = pairs_of(options.by)
  if #left_keys == 0 and options.as_of == nil then
    error_.throw("shape", "join needs a key, as in { by = \"UKPRN\" }")
  end
  for i, name in ipairs(left_keys) do check_key(node.schema, right.schema, name, right_keys[i]) end
  local arguments = { kind = options.kind or "inner", left = left_keys, right = right_keys,
    suffix = options.suffix or "_right", match_missing = options.match_missing, relationship = options.relationship,
    as_of = as_of_columns(node.schema, right.schema, options) }
  return plan.join(node, right, arguments, schema_of(node.schema, right.schema, arguments))
end
