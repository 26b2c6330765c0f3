--- Students of one country by level of study, with their shares of the international cohort and of all students.
--
-- @module tally.analyses.students_by_level

local analysis = require "tally.analysis"

local unpack = table.unpack or unpack

-- The formulas of the three sums, and the values that enter them. A published total is a row of its own, marked or
-- not; without one the domiciles are added up, and then no published total may be among them.
local function sums(parameters)
  local values = { country = parameters.country }
  local formulas = { "students = sum(students where domicile == $country and not is_total)" }
  local function add(name, otherwise)
    local condition = parameters[name] and ("domicile == $%s and (is_total or not is_total)"):format(name) or otherwise
    values[name] = parameters[name]
    formulas[#formulas + 1] = ("%s = sum(students where %s)"):format(name, condition)
  end
  if not parameters.international then values.home = parameters.home end
  add("international", "not is_total and domicile ~= $home")
  add("all", "not is_total")
  formulas[#formulas + 1] = values
  return formulas
end

return analysis.new {
  name = "students_by_level",
  title = "Students of a country by level, with shares of the international cohort and of all students",
  needs = {
    students = {
      help = "numbers of students, one row for each level and domicile; rows of published totals may be among them",
      columns = {
        { name = "level", type = "text" },
        { name = "domicile", type = "text" },
        { name = "students", type = "number" },
      },
    },
  },
  parameters = {
    country = { type = "text", default = "China", help = "the domicile whose students are counted" },
    home = { type = "text", default = "UK", help = "the domicile whose students are not international" },
    international = {
      type = "text",
      optional = true,
      help = "the label in 'domicile' of the published total of international students; without it they are added up",
    },
    all = {
      type = "text",
      optional = true,
      help = "the label in 'domicile' of the published total of all students; without it they are added up",
    },
  },
  notes = {
    "Published totals are the better denominators: figures are rounded one by one, so sums of parts differ a little.",
    "A student who is on two courses counts twice in HESA's enrolments.",
    "The row 'All levels' adds the levels; its percentages are taken from the sums.",
  },
  sources = { "HESA student record, enrolments by level of study and domicile" },
  run = function(inputs, parameters)
    local students = inputs.students:group_by "level"
    return students
      :aggregate(unpack(sums(parameters)))
      :totals { name = "All levels" }
      :derive(
        "pct_international = percent(students, international)",
        "pct_all = percent(students, all)")
  end,
}
