--- `t:rename { students = "Number of students" }`: new name = "old name". The order of the columns stays.

local error_ = require "tally.error"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

return function(node, names)
  if type(names) ~= "table" then error_.throw("type", "rename takes a table: rename { new_name = \"old name\" }") end
  local new, taken = {}, {}
  for to, from in pairs(names) do
    schema_.need(node.schema, from, "what is renamed")
    if type(to) ~= "string" or to == "" or to == schema_.MARKS or from == schema_.MARKS then
      error_.throw("name", ("column '%s' cannot be renamed to %s"):format(from, schema_.shown(to)))
    end
    if new[from] then
      error_.throw("name", ("column '%s' is given two names: '%s' and '%s'"):format(from, new[from], to))
    end
    new[from] = to
  end
  for _, name in ipairs(schema_.names(node.schema)) do
    local to = new[name] or name
    if taken[to] then error_.throw("name", ("two columns would be called '%s'"):format(to)) end
    taken[to] = true
  end
  return plan.rename(node, new)
end
