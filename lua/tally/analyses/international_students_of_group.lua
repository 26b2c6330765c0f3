--- International students at the providers of a mission group, year by year, joined on UKPRN.
--
-- @module tally.analyses.international_students_of_group

local analysis = require "tally.analysis"

return analysis.new {
  name = "international_students_of_group",
  title = "International students at the providers of a mission group",
  needs = {
    students = {
      help = "non-UK students by provider and year; a marked total row gives the published total of the year",
      columns = {
        { name = "year", type = "text" },
        { name = "UKPRN", type = "text" },
        { name = "students", type = "number" },
      },
    },
    providers = {
      help = "which provider belongs to which mission group, each provider once",
      columns = { { name = "UKPRN", type = "text" }, { name = "mission_group", type = "text" } },
    },
  },
  parameters = {
    group = { type = "text", default = "Russell_Group", help = "the mission group" },
  },
  notes = {
    "'providers' counts the providers of the group that were found in the year, 'not_found' those that were not: "
      .. "a sum over fewer providers is not comparable with the other years.",
    "The membership is that of the list of providers, for all years.",
    "HESA rounds every figure to 5, so the sum may differ from the true total by a few students for each provider.",
  },
  sources = { "HESA DT051 table 28, non-UK HE students by HE provider and country of domicile" },
  run = function(inputs, parameters)
    local members = inputs.providers
      :filter("mission_group == $group", parameters)
      :distinct("UKPRN", "mission_group")
    return inputs.students
      :join(members, { by = "UKPRN", kind = "left", relationship = "many-to-one" })
      :group_by("year")
      :aggregate(
        "providers = count(where mission_group ~= nil and not is_total)",
        "students = sum(students where mission_group ~= nil and not is_total)",
        "published_total = sum(students where is_total)")
      :derive("not_found = $members - providers", { members = #members })
      :derive "pct_of_total = percent(students, published_total)"
      :select("year", "providers", "not_found", "students", "published_total", "pct_of_total")
  end,
}
