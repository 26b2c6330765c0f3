--- Coverage of a total: what part of the rows, and of the sum, is known.
--
-- @module tally.analyses.coverage

local analysis = require "tally.analysis"

return analysis.new {
  name = "coverage",
  title = "Coverage of a total: what part of the rows and of the sum is known",
  needs = {
    parts = {
      help = "the parts of the total, one row each; a value that is not known is missing, never 0",
      columns = { { name = "value", type = "number" } },
    },
  },
  parameters = {
    total = { type = "number", optional = true, help = "the published total; without it only the rows are covered" },
  },
  notes = {
    "Known parts may add up to a little more than the total: every part and the total are rounded on their own.",
    "A missing part says nothing of its size: where few rows are missing, much of the sum may be.",
  },
  run = function(inputs, parameters)
    local known = inputs.parts
      :aggregate("parts = count()", "known = count(value)", "sum_known = sum(value)")
      :derive "pct_parts = percent(known, parts)"
    if not parameters.total then return known end
    return known:derive("total = $total", "pct_total = percent(sum_known, total)",
      "not_covered = total - sum_known", parameters)
  end,
}
