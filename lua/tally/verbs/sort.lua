--- `t:sort("-share", "level")`: rows in order of these keys; a leading minus sorts from the largest down. A key is
-- the name of a column or a formula. Missing values come last in either direction, and so do rows marked as totals.

local check = require "tally.check"
local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

-- The column that a key sorts by, computed first when the key is a formula.
local function column_of(node, text, scope)
  if schema_.find(node.schema, text) then
    if text == schema_.MARKS then scope.mentions_total = true end
    return node, text
  end
  local parsed = check.parse_all({ text }, "sort", false)[1]
  return steps.derive_hidden(node, text, (check.tree(parsed.tree, scope, parsed)))
end

local function add_key(node, keys, text, scope)
  if type(text) ~= "string" then
    error_.throw("type", ("sort takes names of columns and formulas, not %s"):format(schema_.shown(text)))
  end
  local descending = not schema_.find(node.schema, text) and text:match "^%s*%-(.+)$"
  local result, name = column_of(node, descending or text, scope)
  keys[#keys + 1] = { name, descending and true or false }
  return result
end

return function(node, ...)
  local texts, params = options_.split(...)
  if texts.n == 0 then error_.throw("shape", "sort needs the name of a column, as in sort(\"-students\")") end
  local scope = { schema = node.schema, params = params, used = {} }
  local keys, result = {}, node
  for _, text in ipairs(texts) do result = add_key(result, keys, text, scope) end
  check.all_used(scope, "sort")
  if node.schema.marks and not scope.mentions_total then table.insert(keys, 1, { schema_.MARKS, false }) end
  result = plan.sort(result, keys, table.concat(texts, ", "))
  if #result.schema.columns == #node.schema.columns then return result end
  return steps.only(result, node.schema)
end
