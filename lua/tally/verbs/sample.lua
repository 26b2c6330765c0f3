--- `t:sample(100)` or `t:sample(0.1)`: rows drawn by chance, without putting back, in their order; a number below 1
-- is a share. The same seed (1 unless given: `{ seed = 7 }`) draws the same rows on every machine.

local error_ = require "tally.error"
local options_ = require "tally.options"
local plan = require "tally.plan"
local schema_ = require "tally.schema"

return function(node, size, options)
  options = options_.check("sample", options, { seed = "number" })
  local share = type(size) == "number" and size > 0 and size < 1
  if not share and not (type(size) == "number" and size >= 0 and size % 1 == 0) then
    error_.throw("range", ("sample takes a number of rows or a share below 1, not %s"):format(schema_.shown(size)))
  end
  return plan.sample(node, size, options_.need_count("sample's seed", options.seed or 1, 0))
end
