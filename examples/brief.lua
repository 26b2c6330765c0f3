-- The figures of written evidence given to a parliamentary committee in 2021, recomputed from published tables.
--
--     lua5.4 examples/brief.lua                the small files in examples/data
--     lua5.4 examples/brief.lua --data DIR     the full published files, laid out as in examples/data/README.md
--
-- What is printed is Markdown: ./examples/run > brief.md

local tally = require "tally"
local number = require "tally.number"
local markdown = require("tally.print").markdown

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local own = here .. "/data"
local data = own

if arg[1] == "--data" and arg[2] then
  data = arg[2]
elseif arg[1] then
  io.stderr:write "usage: brief.lua [--data DIR]\n"
  os.exit(2)
end

local sources = {}

-- Reads a table and remembers where it came from: `what` says what was published, unless the file says it itself.
local function read(path, what, options)
  local t = tally.read_csv(path, options)
  local files, rows = {}, 0
  for i, source in ipairs(t:sources()) do
    files[i], rows = source.path:match "[^/]+$", rows + source.rows
  end
  local metadata = t:metadata()
  local parts = { metadata.Title or what, table.concat(files, ", "), number.count(rows, "row"), metadata.Licence }
  sources[#sources + 1] = table.concat(parts, "; ")
  return t
end

local function say(text, ...)
  print((select("#", ...) > 0 and text:format(...) or text) .. "\n")
end

-- ---- 1. Students by level ----

-- All and non-UK students by level: from our own file, or out of the three sheets that HESA published.
local function cohorts()
  local what = "HESA, HE student enrolments by level of study and domicile"
  if data == own then return read(own .. "/hesa/students-by-level/students-by-level-2019-2020.csv", what) end
  local stem = data .. "/hesa/students-by-domicile-country/Total_HE_student_enrolments_by_level_of_study__"
  local function sheet(name)
    return read(stem .. name .. ".csv", what, { totals = false, quiet = true })
  end
  local function cells(t, level, year, domicile, labels)
    return t
      :filter(("`%s` in $labels"):format(level), { labels = labels })
      :select(level, year)
      :rename { level = level, students = year }
      :derive("students = integer(students)", "domicile = $domicile", { domicile = domicile })
  end
  local postgraduate = { "Total PG taught", "Total PG research" }
  local undergraduate = { "Total undergraduate" }
  local nonuk = sheet "Total_NonUK_Domicile"
  return cells(nonuk, "Level of Study_2", "2019_2", "Total non-UK", undergraduate)
    :append(cells(nonuk, "Level of Study", "2019", "Total non-UK", postgraduate))
    :append(cells(sheet "Undergraduate", "Level of Study", "2019", "Total", undergraduate))
    :append(cells(sheet "Postgraduate", "Level of Study", "2019", "Total", postgraduate))
    :derive "level = replace(replace(level, 'Total PG ', 'Postgraduate '), 'Total u', 'U')"
end

local printed = read(own .. "/evidence/table-1.csv", "Written evidence of the Russell Group, 2021, Table 1")

local shares = tally.analyses.students_by_level:run {
  students = printed:select("level", "domicile", "students"):append(cohorts():select("level", "domicile", "students")),
  country = "China",
  international = "Total non-UK",
  all = "Total",
}

-- Printed and recomputed percentages side by side, one row for each level and base.
local function long(t, value)
  return t:select("level", "pct_international", "pct_all")
    :unpivot({ "pct_international", "pct_all" }, { names_to = "base", values_to = value })
end

local compared = long(printed, "printed")
  :join(long(shares, "recomputed"), { by = { "level", "base" }, kind = "left", relationship = "one-to-one" })
  :derive(
    "base = if_else(base == 'pct_all', 'all students', 'international students')",
    "difference = round(recomputed - printed, 2)",
    "rounded = round(recomputed) - printed")

say "# Chinese students, international students and joint papers: the evidence of 2021, recomputed"
say("The Russell Group's written evidence to a parliamentary committee, beside the figures that the published tables "
  .. "give now. Every figure on this page was computed from the sources at its end when the page was printed.")
say "## 1. Chinese students at UK universities, 2019/20"
say(markdown(shares:rename {
  ["Level"] = "level", ["From China"] = "students", ["International"] = "international", ["All"] = "all",
  ["% of international"] = "pct_international", ["% of all"] = "pct_all",
}))
say("The evidence's \"approximately 139,000\" is %s.",
  number.format(shares:filter("is_total"):value(1, "students")))
say "Printed in the evidence, and recomputed with the denominators of HESA's later release:"
say(markdown(compared:rename {
  ["Level"] = "level", ["Share of"] = "base", ["Printed, %"] = "printed", ["Recomputed, %"] = "recomputed",
  ["Difference, points"] = "difference", ["After rounding"] = "rounded",
}))
say("%s of the %s printed percentages are higher than HESA's later release gives: the evidence very likely counted a "
  .. "narrower set of providers.",
  number.format(#compared:filter "rounded < 0"), number.format(#compared))

-- ---- 2. International students at the Russell Group ----

local table_28 = read({
  data .. "/hesa/nonuk-students-by-provider/dt051-table-28-201[89]-*.csv",
  data .. "/hesa/nonuk-students-by-provider/dt051-table-28-202[01]-*.csv",
}, "HESA, DT051 table 28, non-UK HE students by HE provider and country of domicile")
local groups = read(data .. "/providers/mission_groups.csv", "Mission groups of providers")
local by_year = table_28:derive "year = replace(replace(file, 'dt051-table-28-', ''), '.csv', '')"
  :derive "year = substring(year, 1, 4) .. '/' .. substring(year, 8, 9)"

local group = tally.analyses.international_students_of_group:run {
  students = by_year:rename { students = "Total" },
  providers = groups:rename { mission_group = "MISSION_GROUP" },
  group = "Russell_Group",
}

say "## 2. International students at the Russell Group"
say(markdown(group:rename {
  ["Year"] = "year", ["Providers"] = "providers", ["Not found"] = "not_found", ["Non-UK students"] = "students",
  ["All providers, as printed"] = "published_total", ["% of all"] = "pct_of_total",
}))
say("The evidence's \"230,000 international students\" is the figure of 2019/20, %s.",
  number.format(group:filter("year == '2019/20'"):value(1, "students")))

-- ---- 3. Co-authored papers ----

local growth = tally.analyses.growth:run {
  series = read(own .. "/evidence/coauthored-papers.csv", "Written evidence of the Russell Group, 2021")
    :rename { value = "papers" },
}
local last = growth:row(#growth)

say "## 3. Papers with authors in the UK and in China"
say(markdown(growth:rename {
  ["Year"] = "year", ["Papers"] = "value", ["Times"] = "times", ["Change"] = "absolute", ["Change, %"] = "percent",
  ["% a year"] = "annual", ["Index"] = "index",
}))
say("From %s papers in %d to %s in %d: %s times as many, +%s%%, %s%% a year, index %s (%d = 100).",
  number.format(growth:value(1, "value")), growth:value(1, "year"),
  number.format(last.value), last.year,
  number.format(last.times, 2), number.format(last.percent, 1),
  number.format(last.annual, 2), number.format(last.index, 1), growth:value(1, "year"))

-- ---- 4. Do the providers add up? ----

-- The sum of the providers beside the total that HESA printed.
local function reconciled(t, name)
  return t
    :aggregate(
      "providers = count(where not is_total)",
      "sum = sum(Total where not is_total)",
      "printed = sum(Total where is_total)")
    :derive("table = $name", "difference = sum - printed", { name = name })
    :select("table", "providers", "sum", "printed", "difference")
end

local table_1 = read(data .. "/hesa/students-by-domicile/dt051-table-1-20182019.csv", "HESA, DT051 table 1")
local sums = reconciled(table_1, "All students, 2018/19 (table 1)")
  :append(reconciled(by_year:filter "year == '2019/20'", "Non-UK students, 2019/20 (table 28)"))

say "## 4. Do the providers add up to HESA's printed totals?"
say(markdown(sums:rename {
  ["Table"] = "table", ["Providers"] = "providers", ["Sum of providers"] = "sum", ["Printed total"] = "printed",
  ["Difference"] = "difference",
}))
say("HESA rounds each figure to the nearest 5, providers and total alike, so the sum of the providers differs a little "
  .. "from the printed total.")

-- ---- Notes and sources ----

say "## Notes"
local notes = {}
for _, name in ipairs { "students_by_level", "international_students_of_group", "growth" } do
  local analysis = tally.analyses[name]
  for _, note in ipairs(analysis.notes) do notes[#notes + 1] = ("%d. %s"):format(#notes + 1, note) end
end
say(table.concat(notes, "\n"))

say "## Sources"
for i, source in ipairs(sources) do sources[i] = ("%d. %s"):format(i, source) end
print(table.concat(sources, "\n"))
