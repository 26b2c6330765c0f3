--- `t:derive(...)`: columns computed from each row; several formulas go in order, and a later one may use an earlier.
--
--     t:derive("share = percent(chinese, all)", "high = share > 20")
--     t:derive("real = fee * $deflator", { deflator = 1.07 })
--     t:derive("initial", function(row) return row.name:sub(1, 1) end)    called for each row: slower
--     t:derive("score", score, { type = "number" })                      the same, and nothing is run to find the
--     type
--
-- A column called is_total marks rows that are totals of others.

local check = require "tally.check"
local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local rows_ = require "tally.rows"
local run = require "tally.run"
local schema_ = require "tally.schema"

local kinds = { "boolean", "integer", "number", "text", "date" }

-- Functions whose results are not amounts, whatever they are computed from.
local never_additive = { percent = true, share = true, year = true, month = true, day = true, start_year = true,
  ["%"] = true,
  ["^"] = true, sqrt = true, exp = true, log = true, log10 = true, mean = true }

local function is_additive(tree, schema)
  if tree.tag == "name" then
    local column = schema_.find(schema, tree.name)
    return not column or not schema_.is_numeric(column) or schema_.is_amount(column)
  end
  if tree.tag ~= "call" then return true end
  if never_additive[tree.func] then return false end
  if tree.func == "/" then return tree[2].tag ~= "name" and tree[2].tag ~= "call" and is_additive(tree[1], schema) end
  for _, part in ipairs(tree) do
    if not is_additive(part, schema) then return false end
  end
  return true
end

local function by_function(node, name, value, options)
  if type(name) ~= "string" or name == "" then
    error_.throw("type", "derive needs the name of the column before its function: "
      .. "derive(\"x\", function(row) ... end)")
  end
  options = options_.check("derive", options, { type = kinds })
  local kind = options.type
  if not kind then
    local values = rows_.computed(run.run(node), schema_.all_names(node.schema), value)
    kind = rows_.type_of(values, name, "text")
  end
  return plan.derive_by_function(node, { name = name, type = kind }, value)
end

local function by_formulas(node, texts, params)
  local used = {}
  for _, parsed in ipairs(check.parse_all(texts, "derive", true)) do
    local expression, kind = check.tree(parsed.tree, { schema = node.schema, params = params, used = used }, parsed)
    local column = { name = parsed.name, type = kind, additive = is_additive(parsed.tree, node.schema),
      like = check.like(parsed.tree, node.schema) }
    node = plan.derive(node, column, expression, parsed.source:sub(parsed.start))
  end
  check.all_used({ params = params, used = used }, "derive")
  return node
end

return function(node, ...)
  local list, options = options_.split(...)
  if type(list[2]) == "function" then return by_function(node, list[1], list[2], options) end
  if list.n == 0 then error_.throw("shape", "derive needs a formula, as in \"share = percent(a, b)\"") end
  return by_formulas(node, list, options)
end
