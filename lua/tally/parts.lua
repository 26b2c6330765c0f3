--- Which rows that bear the label of a total have no parts: figures that would be lost if they were left out of sums.
--
--     region   sex    n
--     England  All  100     nothing of England but this: it is the figure, and counted
--     Wales    All   11     the sum of the two below: a total
--     Wales    Men    5
--     Wales    Women  6
--
-- A row is *below* another when it says the same in every label column in which the other has no label of a total and
-- is not blank. A row with none below it stands alone. Rows that stand alone are counted, but not
--
-- - beside one that they overlap, as "All, under 18" and "Men, All" do when "Men, under 18" is not published: whoever
--   adds both counts some twice, so neither is;
-- - where what tells them from the others is only another name of the total, its code, or its region ("UK", "Total"):
--   columns that are determined by the labels say nothing, and a figure that is the sum of all parts is their total.
--
-- @module tally.parts

local core = require "tally.core"

local parts = {}

local ROW, KIND, SUM, ALONE = "(row)", "(kind)", "(sum of the parts)", "(alone)"
local COLUMNS_MOST = 50 -- that are looked at: one bit each
local SAME = 1000 -- a sum is that of the parts when it is off, by rounding, by less than one part in so many

local function call(name, ...)
  return { "call", name, ... }
end

local function column(name)
  return { "column", name }
end

local function value(v)
  return { "value", v }
end

-- ---- Kinds of rows: by which columns they are totals ----

-- An integer with one bit for each label column: it has the label of a total, or is blank.
local function kind_expression(labels)
  local kind = value(0)
  for i, name in ipairs(labels.names) do
    local is_open = call("is_missing", column(name))
    if labels.labelled[name] then is_open = call("or", labels.labelled[name], is_open) end
    kind = call("+", kind, call("if_else", is_open, value(math.floor(2 ^ (i - 1))), value(0)))
  end
  return kind
end

-- { open = { [place of a label column] = true }, rows = } for each kind that occurs.
local function kinds_of(rows, labels)
  local found, kinds = rows:run { steps = {}, keys = { KIND }, aggregates = { { name = ROW, func = "count" } } }, {}
  for i = 1, found:rows() do
    local number, open = found:column(KIND):value(i), {}
    for place in ipairs(labels.names) do open[place] = math.floor(number / 2 ^ (place - 1)) % 2 == 1 end
    kinds[i] = { open = open, rows = rows:filter(call("==", column(KIND), value(number))) }
  end
  return kinds
end

-- Is every column open in b open in a?
local function covers(a, b)
  for place, open in ipairs(b.open) do
    if open and not a.open[place] then return false end
  end
  return true
end

-- ---- Columns that say which parts belong to which total ----

-- For each label column, the columns with labels that it determines, as codes determine names, or names their region:
-- { [name] = { [other name] = true } }. A column that hardly repeats itself, as text or figures, says nothing: it is
-- not there.
local function names_of_others(leaves, labels)
  local others, aggregates, found = {}, { { name = ROW, func = "count" } }, {}
  for name in pairs(labels.labelled) do
    others[#others + 1] = name
    aggregates[#aggregates + 1] = { name = tostring(#others), func = "distinct", argument = column(name) }
  end
  for _, name in ipairs(labels.names) do
    local counts = leaves:run { steps = {}, keys = { name }, aggregates = aggregates }
    found[name] = 2 * counts:rows() <= leaves:rows() and {} or nil
    for i, other in ipairs(others) do
      local several = call(">", column(tostring(i)), value(1))
      if found[name] and name ~= other and counts:run { steps = { { "filter", several } }, count = true } == 0 then
        found[name][other] = true
      end
    end
  end
  return found
end

-- Does a column tell the rows of a kind from others, other than by naming what they are totals of?
local function tells_apart(determines, labels, kind, name)
  if not determines[name] then return false end
  for place, open in ipairs(kind.open) do
    if open and determines[name][labels.names[place]] then return false end
  end
  return true
end

-- The columns in which a row of one kind, and one of another, must say the same: the period among them.
local function shared(labels, determines, a, b)
  local names = {}
  for place, name in ipairs(labels.names) do
    local open = a.open[place] or b and b.open[place]
    if not open and (not determines or name == labels.period or tells_apart(determines, labels, a, name)) then
      names[#names + 1] = name
    end
  end
  return names
end

-- The rows of one table that match none of another.
local function unmatched(rows, others, names)
  if rows:rows() == 0 or others:rows() == 0 then return rows end
  if #names == 0 then return rows:filter(call("is_missing", column(ROW))) end
  return (rows:join(others, { kind = "anti", left = names, right = names, match_missing = true }))
end

-- ---- Rows that stand alone ----

local function nonempty(kinds)
  local left = {}
  for _, kind in ipairs(kinds) do
    if kind.rows:rows() > 0 then left[#left + 1] = kind end
  end
  return left
end

local function without_leaves(kinds, leaves, labels, determines)
  for _, kind in ipairs(kinds) do
    kind.rows = unmatched(kind.rows, leaves, shared(labels, determines, kind))
  end
  return nonempty(kinds)
end

-- Leaves out the rows that match those of other kinds, as `concerns(a, b)` says which.
local function without_one_another(kinds, labels, determines, concerns)
  local left = {}
  for i, a in ipairs(kinds) do
    left[i] = { open = a.open, rows = a.rows }
    for j, b in ipairs(kinds) do
      if i ~= j and concerns(a, b) then
        left[i].rows = unmatched(left[i].rows, b.rows, shared(labels, determines, a, b))
      end
    end
  end
  return nonempty(left)
end

-- The rows whose amount is not the sum of all parts, of their period when there are periods.
local function without_sums(rows, leaves, labels)
  if not labels.amount then return rows end
  local keys = { labels.period }
  local sums = leaves:run { steps = {}, keys = keys,
    aggregates = { { name = SUM, func = "sum", argument = column(labels.amount) } } }
  local sum = #keys == 0 and value(sums:column(SUM):value(1)) or column(SUM)
  if #keys > 0 then
    rows = rows:join(sums, { kind = "left", left = keys, right = keys, match_missing = true })
  end
  local off = call("abs", call("-", column(labels.amount), sum))
  local is_sum = call("<=", call("*", off, value(SAME)), call("abs", sum))
  return rows:filter(call("not", call("coalesce", is_sum, value(false))))
end

-- The labels with as many columns as are looked at: first the period and those that have labels.
local function looked_at(labels)
  local names, there = {}, {}
  local function add(name)
    if not there[name] and #names < COLUMNS_MOST then names[#names + 1], there[name] = name, true end
  end
  if labels.period then add(labels.period) end
  for _, name in ipairs(labels.names) do
    if labels.labelled[name] then add(name) end
  end
  for _, name in ipairs(labels.names) do add(name) end
  return { names = names, labelled = labels.labelled, period = labels.period, amount = labels.amount }
end

local function count_rows(kinds)
  local count = 0
  for _, kind in ipairs(kinds) do count = count + kind.rows:rows() end
  return count
end

-- The numbers of rows as a column that is true there and missing elsewhere.
local function flags(core_table, kinds)
  if #kinds == 0 then return core.constant("boolean", nil, core_table:rows()) end
  local numbers = {}
  for i, kind in ipairs(kinds) do numbers[i] = kind.rows:select { ROW } end
  local alone = core.append(numbers)
  alone = alone:with(ALONE, core.constant("boolean", true, alone:rows()))
  local all = core.table({ ROW }, { core_table:window("row_number", nil, {}) }, core_table:rows())
  return (all:join(alone, { kind = "left", left = { ROW }, right = { ROW } })):column(ALONE)
end

-- By what they are totals of, in one another's terms.
local function overlap(a, b)
  return not covers(a, b) and not covers(b, a)
end

-- The rows that have none below them, by kind, and how many more there are that overlap one another.
local function alone_of(labelled, leaves, labels)
  local kinds = without_leaves(kinds_of(labelled, labels), leaves, labels)
  if #kinds == 0 then return kinds, 0 end
  local determines = names_of_others(leaves, labels)
  kinds = without_leaves(kinds, leaves, labels, determines)
  kinds = without_one_another(kinds, labels, determines, covers)
  for _, kind in ipairs(kinds) do kind.rows = without_sums(kind.rows, leaves, labels) end
  local apart = without_one_another(kinds, labels, determines, overlap)
  return apart, count_rows(kinds) - count_rows(apart)
end

--- Of rows that bear the label of a total, those that stand alone.
-- @param core_table a table of the engine
-- @param labels { names = the columns that may hold labels, labelled = { [name] = the expression that says that a row
-- has one }, period = the column that says the period of a row, or nil, amount = a column that is added up, or nil }
-- @param expression true for the rows that have a label somewhere
-- @return a column, true where a row stands alone and missing elsewhere
-- @return how many there are
-- @return how many more have none below them, but overlap one another
function parts.alone(core_table, labels, expression)
  labels = looked_at(labels)
  local names = { labels.amount }
  for _, name in ipairs(labels.names) do names[#names + 1] = name end
  local rows = core_table:select(names):with(ROW, core_table:window("row_number", nil, {}))
  names[#names + 1] = ROW
  local leaves = rows:run { steps = { { "filter", call("not", expression) } }, collect = names }
  local steps = { { "filter", expression }, { "derive", KIND, kind_expression(labels) } }
  names[#names + 1] = KIND
  local kinds, overlapping = alone_of(rows:run { steps = steps, collect = names }, leaves, labels)
  return flags(core_table, kinds), count_rows(kinds), overlapping
end

return parts
