--- `t:slice(first, last)`: these rows, both included, of each group when the table is grouped. Rows count from 1;
-- negative numbers count from the end: `t:slice(-3, -1)` gives the last three.

local error_ = require "tally.error"
local schema_ = require "tally.schema"
local steps = require "tally.steps"

local function need_place(value)
  if type(value) == "number" and value % 1 == 0 and math.abs(value) <= 2^53 then return value end
  error_.throw("range", ("slice takes two row numbers, from 1 or from -1 at the end, not %s")
    :format(schema_.shown(value)))
end

return function(node, first, last)
  first = need_place(first)
  return steps.slice(node, first, need_place(last == nil and first or last), node.schema.groups)
end
