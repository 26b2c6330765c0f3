--- Which rows and which columns of a published table are totals.
--
-- A published table prints its totals among its parts. Who adds the column counts everything twice; so totals are found
-- when a table is read, and marked. The policy stands in the tables below, each line with its reason; the work is done
-- by the engine, once per distinct label.
--
-- @module tally.totals

local error_ = require "tally.error"
local lazy = require "tally.lazy"
local number = require "tally.number"
local schema_ = require "tally.schema"
local parts = lazy "tally.parts"

local totals = {}

-- A label that is exactly one of these, in any case and with blanks around it, is a total.
local labels = {
  "total", "totals", "grand total", "overall total", "sub-total", "subtotal", "sub total", -- what everybody prints
  "year to date total", -- HESA finances: the provider of the sums over all providers
  "all", "overall", -- HESA and UCAS filters: every combination is published, "All" being the sum over one of them
  "all undergraduate", "all postgraduate", -- HESA levels of study: sums over some of the levels
  "all students", "all levels", "all modes", "all ages", "all providers", "all applicants", -- the same elsewhere
}

-- So is a label that starts like this: "Total PG research", "Total income". "All …" is not: "All other institutions" is
-- a group of its own, and "All Nations Christian College" a college.
local beginning = "total "

-- But not one that ends like this: "Total income for the year represented by:" is the heading of a breakdown.
local heading = ":"

-- And not in a column of names, where "Total People Limited" is a company: there only whole labels count.
local name_words = {
  provider = true, institution = true, organisation = true, organization = true, recipient = true, funder = true,
  company = true, employer = true, name = true, title = true,
}

-- Columns in which "ALL" is a code and not a label: the Albanian lek.
local code_words = { currency = true }

-- Labels stand to the left of the figures; HESA finances have one column of them to the right of the one figure. What
-- stands to the right of more figures belongs to another table, printed beside this one.
local most_figures_before = 1

-- A column that says the period of a row. Total and parts are compared within one period: where a year has nothing but
-- "All", "All" is that year's figure, and there are no parts that would be counted twice.
local period_names = {
  ["year"] = true, ["academic year"] = true, ["financial year"] = true, ["calendar year"] = true, ["cycle year"] = true,
  ["reporting year"] = true, ["tax year"] = true, ["time period"] = true, ["period"] = true,
}

-- A column of amounts is a total when its name begins with this word ("Total UK", `total_uk`) or is one of the labels
-- above. "All other institutions" is a group of its own here too.
local column_word = "total"

local ALONE = "(stands alone)" -- a column on the way

local function has_word(name, words)
  for word in name:lower():gmatch "%a+" do
    if words[word] then return true end
  end
  return false
end

-- ---- Expressions for the engine ----

local function call(name, ...)
  return { "call", name, ... }
end

local function value(v)
  return { "value", v }
end

local function any_of(list)
  local expression = list[1]
  for i = 2, #list do expression = call("or", expression, list[i]) end
  return expression
end

-- True on the rows whose label in `name` is one of `wanted`; never missing.
local function is_labelled(name, wanted)
  local expression = call("in", call("lower", call("trim", { "column", name })))
  for _, label in ipairs(wanted) do expression[#expression + 1] = value(label) end
  return call("coalesce", expression, value(false))
end

-- The same by the policy above.
local function is_label(name)
  local exact = is_labelled(name, labels)
  if has_word(name, name_words) then return exact end
  local label = call("lower", call("trim", { "column", name }))
  local begins = call("starts_with", label, value(beginning))
  local longer = call("and", begins, call("not", call("ends_with", label, value(heading))))
  return call("or", exact, call("coalesce", longer, value(false)))
end

local function count_where(core_table, expression)
  return core_table:run { steps = { { "filter", expression } }, count = true }
end

-- ---- Rows ----

-- Whether a label may stand in the column: a look at its words, before every row is asked.
local function may_have_label(core_table, name)
  return core_table:column(name):holds(labels, { beginning })
end

local function period_column(core_table, except)
  for _, name in ipairs(core_table:names()) do
    local words = name:lower():gsub("[_.]", " "):gsub("^%s+", ""):gsub("%s+$", "")
    if name ~= except and period_names[words] then return name end
  end
end

-- The rows of those periods in which `name` has parts beside its totals, and those of no period, which are about all of
-- them; nil when no period has.
local function beside_parts(core_table, name, expression)
  local period = period_column(core_table, name)
  local counts = core_table:run {
    steps = {},
    keys = { period },
    aggregates = { { name = "parts in the period", func = "count", where = call("not", expression) } },
  }
  local type_ = period and counts:column(period):type()
  local with, without = {}, 0
  for i = 1, counts:rows() do
    if counts:column("parts in the period"):value(i) == 0 then
      without = without + 1
    else
      with[#with + 1] = i
    end
  end
  if #with == 0 then return nil end
  if without == 0 then return expression end
  local members = call("in", { "column", period })
  for _, i in ipairs(with) do
    local member = counts:column(period):value(i)
    if member ~= nil then members[#members + 1] = { "value", member, type_ } end
  end
  local has_parts = #members > 3 and call("coalesce", members, value(true)) or call("is_missing", { "column", period })
  return call("and", expression, has_parts)
end

local function is_figure(type_)
  return type_ == "integer" or type_ == "number"
end

-- The columns in which the policy looks for labels. One that is called "2017/18" has the figures of that year.
local function label_columns(core_table)
  local types, found, figures = core_table:types(), {}, 0
  for i, name in ipairs(core_table:names()) do
    if is_figure(types[i]) then figures = figures + 1 end
    local may = types[i] == "text" and figures <= most_figures_before and name:find "[%a\128-\255]"
    if may and not has_word(name, code_words) then
      found[#found + 1] = name
    end
  end
  return found
end

-- The first column of amounts: years are none.
local function amount_column(core_table)
  local types = core_table:types()
  for i, name in ipairs(core_table:names()) do
    if schema_.is_amount { name = name, type = types[i] } then return name end
  end
end

-- What is said of rows that have the label of a total and nothing that they could be the total of.
local function notes_of(alone, overlapping)
  local notes = {}
  local function add(count, text)
    if count > 0 then notes[#notes + 1] = number.count(count, "row") .. text end
  end
  add(alone, " with the label of a total, but no parts beside: counted like any other")
  add(overlapping, " marked as totals, with no parts beside, because they overlap one another: in no sum")
  return notes
end

-- True on total rows, a column, and notes; nil when there are none.
local function found_totals(core_table)
  local found, names, labelled = {}, label_columns(core_table), {}
  for _, name in ipairs(names) do
    local expression = is_label(name)
    if may_have_label(core_table, name) and count_where(core_table, expression) > 0 then
      labelled[name] = expression
      found[#found + 1] = beside_parts(core_table, name, expression)
    end
  end
  local expression = any_of(found)
  if not expression then return nil end
  local alone, count, overlapping = parts.alone(core_table, { names = names, labelled = labelled,
    period = period_column(core_table), amount = amount_column(core_table) }, expression)
  local marks = core_table:with(ALONE, alone):evaluate(call("and", expression, call("is_missing", { "column", ALONE })))
  return marks, notes_of(count, overlapping)
end

-- The same for labels that the caller gave, in whatever column they stand.
local function given_totals(core_table, given)
  local names, types, found, wanted = core_table:names(), core_table:types(), {}, {}
  for i, label in ipairs(given) do
    if type(label) ~= "string" then error_.throw("type", ("totals: label %d is not a text"):format(i)) end
    wanted[i] = label:lower()
  end
  for i, name in ipairs(names) do
    if types[i] == "text" then found[#found + 1] = is_labelled(name, wanted) end
  end
  return #wanted > 0 and any_of(found) or nil
end

--- The table with its total rows marked, in a last column `is_total`.
-- @param core_table a core table
-- @param option nil: by the policy; an array of labels: by these; { expression = a core expression }: by this
-- @return a core table, and true when it has the marks; without a total row the table as it was, and false
-- @return what should be said of them: an array of texts
function totals.mark(core_table, option)
  local names = core_table:names()
  local place = core_table:index "is_total"
  if place then
    if core_table:types()[place] ~= "boolean" then return core_table, false, {} end
    local marks = core_table:column(place)
    table.remove(names, place)
    return core_table:select(names):with("is_total", marks), true, {}
  end
  local marks, notes
  if option == nil then marks, notes = found_totals(core_table) end
  local expression = option and (option.expression or given_totals(core_table, option))
  if expression then marks = core_table:evaluate(call("coalesce", expression, value(false))) end
  if not marks then return core_table, false, {} end
  local marked = core_table:with("is_total", marks)
  if count_where(marked, { "column", "is_total" }) == 0 then return core_table, false, notes or {} end
  return marked, true, notes or {}
end

--- The first column, and a label in it, that the policy takes for a total.
-- @param core_table
-- @return two texts, or nil when there is none
function totals.first_label(core_table)
  for _, name in ipairs(label_columns(core_table)) do
    if may_have_label(core_table, name) then
      local found = core_table:run { steps = { { "filter", is_label(name) } }, collect = { name }, head = 1 }
      if found:rows() > 0 then return name, found:column(1):value(1) end
    end
  end
end

local is_one_of_labels = schema_.set_of(labels)

--- Is this, whole, what a total of everything is called: "Total", "All", and not "Total UK"?
-- @param name a text
-- @return a boolean
function totals.is_label(name)
  return is_one_of_labels[name:lower():match "^%s*(.-)%s*$"] == true
end

--- The columns that hold totals of other columns.
-- @param names an array of names
-- @param types the types of the columns
-- @return a set: { [name] = true }; empty when there is only one column of amounts
function totals.columns(names, types)
  local found, amounts = {}, 0
  for i, name in ipairs(names) do
    if schema_.is_amount { name = name, type = types[i] } then
      amounts = amounts + 1
      if name:lower():match "^%s*(%a+)%f[%W]" == column_word or totals.is_label(name) then found[name] = true end
    end
  end
  return amounts > 1 and found or {}
end

return totals
