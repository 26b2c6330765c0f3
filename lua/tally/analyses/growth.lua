--- Growth of a series: how many times, how many percent, what rate a year, what index.
--
-- @module tally.analyses.growth

local analysis = require "tally.analysis"

return analysis.new {
  name = "growth",
  title = "Growth of a series against its first year",
  needs = {
    series = {
      help = "one row a year",
      columns = { { name = "year", type = "any" }, { name = "value", type = "number" } },
    },
  },
  parameters = {
    base = { type = "integer", optional = true, help = "the year to compare with; without it the first" },
  },
  notes = {
    "'times' is the value over that of the base year; 'percent' is the change, so ten times is 900%.",
    "'annual' is the compound rate: the same percentage every year from the base to the year gives the value.",
    "'index' is 100 in the base year.",
  },
  run = function(inputs, parameters)
    local function change(t, kind)
      return t:change("value", { over = "year", kind = kind, base = parameters.base, as = kind })
    end
    local t = inputs.series:sort("year")
    if not parameters.base then parameters.base = t:value(1, "year") end
    for _, kind in ipairs { "absolute", "percent", "annual", "index" } do t = change(t, kind) end
    return t:derive("times = index / 100"):select("year", "value", "times", "absolute", "percent", "annual", "index")
  end,
}
