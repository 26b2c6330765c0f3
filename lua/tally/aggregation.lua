--- Formulas of aggregates: what the engine's grouping computes, and what is derived from its results afterwards.
-- `pct = 100 * sum(a where b) / sum(c)` becomes two hidden aggregates and one derived column. A result may use the
-- results named before it, and the columns that group; any other column has many values in a group, and is refused.
-- @module tally.aggregation

local check = require "tally.check"
local core = require "tally.core"
local error_ = require "tally.error"
local formula = require "tally.formula"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

local M = {}

-- What the second argument of an aggregate is.
local second_arguments = { quantile = "parameter", weighted_mean = "second", corr = "second" }

-- Aggregates whose results may be added up over groups.
local additive = { sum = true, count = true }

-- ---- One aggregate ----

local function check_count(node, parsed)
  local wants = second_arguments[node.func] and 2 or 1
  if #node == wants or node.func == "count" and #node == 0 then return end
  formula.fault(parsed, node.at, "shape", ("'%s' takes %d argument%s, not %d"):format(node.func, wants, wants == 1
    and "" or "s", #node))
end

local function probability(node, scope, parsed)
  local expression, kind = check.tree(node, scope, parsed)
  local value = expression[1] == "value" and (kind == "integer" or kind == "number") and expression[2]
  if value and value >= 0 and value <= 1 then return value end
  formula.fault(parsed, node.at, "range", "the probability of a quantile is a plain number from 0 to 1")
end

-- What to do about an aggregate that does not take values of this type.
local function hint_of(node, argument_type)
  if node.func == "any" or node.func == "all" then return ": write a condition, as in any(n > 0)" end
  if argument_type ~= "text" or not node[1] then return "" end
  if node[1].tag ~= "name" then return ": convert it, as by number(x) or try_number(x)" end
  return (": count() counts rows, distinct(%s) different values; to use it as numbers, read it with %s")
    :format(schema_.in_formula(node[1].name), schema_.type_option(node[1].name, "number"))
end

local function result_type(node, argument_type, parsed)
  local ok, result = pcall(core.aggregate_type, node.func, argument_type)
  if ok then return result end
  if not error_.is(result) or result.kind == "memory" then error(result, 0) end
  local hint = argument_type ~= "missing" and hint_of(node, argument_type) or ""
  formula.fault(parsed, node.at, result.kind, result.message .. hint)
end

local function second_number(node, scope, parsed)
  local expression, kind = check.tree(node, scope, parsed)
  if kind == "integer" or kind == "number" then return expression end
  formula.fault(parsed, node.at, "type", ("expected numbers here, but this is %s"):format(kind))
end

-- The engine's description of one aggregate, without its name; its type.
local function describe(node, scope, parsed)
  check_count(node, parsed)
  local aggregate, argument_type = { func = node.func }, nil
  if node[1] then aggregate.argument, argument_type = check.tree(node[1], scope, parsed) end
  local role = second_arguments[node.func]
  if role == "parameter" then aggregate.parameter = probability(node[2], scope, parsed) end
  if role == "second" then aggregate.second = second_number(node[2], scope, parsed) end
  if node.where then
    aggregate.where = check.condition({ tree = node.where, source = parsed.source, start = parsed.start }, scope)
  end
  return aggregate, result_type(node, argument_type, parsed)
end

-- ---- Several formulas ----

-- What the formulas come to, built up formula by formula.
local function new_split(schema, keys, params)
  local split = {
    aggregates = {}, of_leaves = {}, computed = {}, derives = {}, names = {}, known = {}, schema = schema,
  }
  for _, name in ipairs(keys) do split.known[name] = schema_.find(schema, name).type end
  split.rows = { schema = schema, params = params, used = {} }
  return split
end

-- A name outside an aggregate is a key or an earlier result.
local function resolver(split)
  return function(node, parsed)
    local kind = split.known[node.name]
    if kind then return { "column", node.name }, kind end
    if schema_.find(split.schema, node.name) then
      formula.fault(parsed, node.at, "name",
        ("column '%s' has many values in a group: aggregate it, as in sum(%s), or group by it")
        :format(node.name, node.name))
    end
    formula.fault(parsed, node.at, "name", schema_.no_column(split.schema, node.name))
  end
end

-- An aggregate and its type; whether it speaks of is_total itself.
local function describe_mention(node, rows, parsed)
  local before = rows.mentions_total
  rows.mentions_total = false
  local aggregate, kind = describe(node, rows, parsed)
  local mentions = rows.mentions_total
  rows.mentions_total = before or mentions
  return aggregate, kind, mentions
end

-- Notes an aggregate under a name; its type.
local function add_aggregate(split, name, node, parsed)
  local aggregate, kind, mentions = describe_mention(node, split.rows, parsed)
  aggregate.name = name
  if not mentions then split.of_leaves[#split.of_leaves + 1] = aggregate end
  split.aggregates[#split.aggregates + 1] = aggregate
  split.computed[#split.computed + 1] = { name = name, type = kind, additive = additive[node.func] == true,
    like = check.like(node, split.schema) }
  return kind
end

-- An aggregate within a formula gets a column of its own, which is left out at the end.
local function hidden_aggregate(split)
  return function(node, parsed)
    local name = schema_.fresh(split.schema, ("(part %d)"):format(#split.aggregates + 1))
    return { "column", name }, add_aggregate(split, name, node, parsed)
  end
end

-- Shares of amounts are not amounts.
local function is_additive(node)
  if check.is_aggregate(node) then return additive[node.func] == true end
  return node.tag == "call" and (node.func == "+" or node.func == "-") and is_additive(node[1]) and is_additive(node[2])
end

local function add_result(split, parsed)
  local name, kind = parsed.name
  if split.known[name] then
    formula.fault({ source = parsed.source }, 1, "name", ("'%s' is there already: give the result another name")
      :format(name))
  end
  if check.is_aggregate(parsed.tree) then
    kind = add_aggregate(split, name, parsed.tree, parsed)
  else
    local scope = { schema = split.schema, params = split.rows.params, used = split.rows.used,
      resolve = resolver(split), aggregate = hidden_aggregate(split) }
    local expression
    expression, kind = check.tree(parsed.tree, scope, parsed)
    split.derives[#split.derives + 1] = { column = { name = name, type = kind, additive = is_additive(parsed.tree) },
      value = expression, text = parsed.source:sub(parsed.start) }
  end
  split.known[name] = kind == "missing" and "boolean" or kind
  split.names[#split.names + 1] = name
end

-- Where total rows are among the rows, an aggregate that does not speak of them passes over them.
local function leave_totals_out(aggregates)
  for _, aggregate in ipairs(aggregates) do
    local leaf = { "call", "not", { "column", schema_.MARKS } }
    aggregate.where = aggregate.where and { "call", "and", leaf, aggregate.where } or leaf
  end
end

--- Splits formulas into aggregates and what is derived from them.
-- @tparam {table,...} formulas parsed, with names
-- @tparam table schema of the rows
-- @tparam {string,...} keys
-- @tparam[opt] table params values of $names
-- @treturn table { aggregates = (for the engine), computed = (their columns), derives = { { column =, value =, text
-- = } },
--   names = (of the results, in order), mentions_total = (total rows must be among the rows) }
function M.split(formulas, schema, keys, params)
  local split = new_split(schema, keys, params)
  for _, parsed in ipairs(formulas) do add_result(split, parsed) end
  check.all_used(split.rows, "aggregate")
  split.mentions_total = split.rows.mentions_total or false
  local apart = schema_.set_of(keys)[schema_.MARKS]
  if split.mentions_total and schema.marks and not apart then leave_totals_out(split.of_leaves) end
  return split
end

local function text_of(formulas)
  local texts = {}
  for i, parsed in ipairs(formulas) do texts[i] = parsed.source end
  return table.concat(texts, ", ")
end

--- A plan with one row for each group: the keys, and what the formulas come to.
-- @param node
-- @tparam {table,...} formulas parsed, with names
-- @tparam {string,...} keys
-- @tparam[opt] table params values of $names
-- @return node
function M.plan(node, formulas, keys, params)
  local split = M.split(formulas, node.schema, keys, params)
  local names, decides = {}, split.mentions_total
  for _, name in ipairs(keys) do
    decides = decides or name == schema_.MARKS
    if name ~= schema_.MARKS then names[#names + 1] = name end
  end
  for _, name in ipairs(split.names) do names[#names + 1] = name end
  local result = plan.aggregate(decides and node or plan.leaves(node), keys, split.aggregates, split.computed,
    text_of(formulas))
  for _, derived in ipairs(split.derives) do
    result = plan.derive(result, derived.column, derived.value, derived.text)
  end
  return #split.derives > 0 and plan.select(result, names) or result
end

return M
