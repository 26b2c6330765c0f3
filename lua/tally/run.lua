--- Plans are carried out here, by the engine in this process. Results are kept with their node for as long as it
-- lives.
--
-- The idea: filters, derived columns, selections and renamings between two other steps become one program of the
-- engine, which goes through the rows once; an aggregate at their end is part of it. Names are those of the plan;
-- within a program each column that is ever computed has a name of its own, so that a renamed or replaced column
-- never gets in the way of another.
-- @module tally.run

local core = require "tally.core"
local error_ = require "tally.error"
local lazy = require "tally.lazy"
local rows_ = require "tally.rows"
local schema_ = require "tally.schema"
local matches = lazy "tally.matches"

local M = {}

-- node -> table of the engine; what the engine reported of a join; how groups were told apart. They vanish with it.
local results = setmetatable({}, { __mode = "k" })
local reports = setmetatable({}, { __mode = "k" })
local groupings = setmetatable({}, { __mode = "k" })

-- ---- Programs ----

local part_of_program = { filter = true, derive = true, select = true, rename = true }

-- The steps from `node` down to the first that is done already or cannot be part of a program, first one first; and
-- that one.
local function chain_of(node)
  local chain = {}
  while part_of_program[node.verb] and not results[node] do
    table.insert(chain, 1, node)
    node = node.inputs[1]
  end
  return chain, node
end

-- place[name] is the engine's name of a column of the plan.
local function translate(expression, place)
  if expression[1] == "column" then return { "column", place[expression[2]] } end
  if expression[1] ~= "call" then return expression end
  local copy = { "call", expression[2] }
  for i = 3, #expression do copy[i] = translate(expression[i], place) end
  return copy
end

local function unused_name(used, name)
  local free, n = name, 1
  while used[free] do
    n = n + 1
    free = ("%s (%d)"):format(name, n)
  end
  used[free] = true
  return free
end

local add_step = {
  select = function() end,
  filter = function(program, node)
    table.insert(program.steps, { "filter", translate(node.arguments.keep, program.place) })
  end,
  derive = function(program, node)
    local value = translate(node.arguments.value, program.place)
    local name = unused_name(program.used, node.arguments.name)
    table.insert(program.steps, { "derive", name, value })
    program.place[node.arguments.name] = name
  end,
  rename = function(program, node)
    local place = {}
    for name, physical in pairs(program.place) do place[node.arguments.new[name] or name] = physical end
    program.place = place
  end,
}

-- What of the plan's columns there is after a step: a name that was left out must not be found again.
local function forget_left_out(program, schema)
  local place = {}
  for _, name in ipairs(schema_.all_names(schema)) do place[name] = program.place[name] end
  program.place = place
end

-- What a program is run over: a table, or rows that are read as it runs.
local function input_of(node)
  if node.verb == "scan" and not results[node] then return node.arguments.rows end
  return M.run(node)
end

-- Can the node be drawn, batch by batch, without all of it being there?
local function is_drawn(node)
  return not results[node] and (part_of_program[node.verb] or node.verb == "scan")
end

-- The program of a chain over a table whose columns are those of `schema`.
local function program_of(chain, schema)
  local program = { steps = {}, place = {}, used = {} }
  for _, name in ipairs(schema_.all_names(schema)) do program.place[name], program.used[name] = name, true end
  for _, node in ipairs(chain) do
    add_step[node.verb](program, node)
    forget_left_out(program, node.schema)
  end
  return program
end

-- The table with the engine's names turned into those of the plan.
local function with_plan_names(result, names, physical)
  local old, new = {}, {}
  for i, name in ipairs(names) do
    if physical[i] ~= name then old[#old + 1], new[#new + 1] = physical[i], name end
  end
  return #old > 0 and result:rename(old, new) or result
end

local function places(program, names)
  local list = {}
  for i, name in ipairs(names) do list[i] = program.place[name] end
  return list
end

-- The rows of a chain, or the first `head` of them, which are found without the others.
local function run_chain(node, head)
  local chain, source = chain_of(node)
  local input = input_of(source)
  local program = program_of(chain, source.schema)
  local names = schema_.all_names(node.schema)
  local physical = places(program, names)
  local result
  if #program.steps == 0 and not head and input.select then
    result = input:select(physical)
  else
    result = input:run { steps = program.steps, collect = physical, head = head }
  end
  return with_plan_names(result, names, physical)
end

local function translated_aggregates(aggregates, place)
  local list = {}
  for i, aggregate in ipairs(aggregates) do
    local copy = {}
    for field, value in pairs(aggregate) do copy[field] = type(value) == "table" and translate(value, place)
      or value end
    list[i] = copy
  end
  return list
end

-- A result may be called what a key, renamed since, is called in the engine: it gets a name of its own there. The names
-- of all columns in the plan, and in the engine.
local function named_apart(keys, physical, aggregates)
  local names, physical_names, used = {}, {}, {}
  for i, key in ipairs(keys) do names[i], physical_names[i], used[physical[i]] = key, physical[i], true end
  for _, aggregate in ipairs(aggregates) do
    names[#names + 1] = aggregate.name
    aggregate.name = unused_name(used, aggregate.name)
    physical_names[#names] = aggregate.name
  end
  return names, physical_names
end

local function is_empty(result, keys)
  if #keys > 0 or result:rows() == 0 then return result:rows() == 0 end
  for i = 1, #result:names() do
    local value = result:column(i):value(1)
    if value ~= nil and value ~= 0 then return false end
  end
  return true
end

-- An aggregate of nothing but totals would come out empty, as if there had been nothing to add up.
local function check_leaves(node)
  local filter = node.inputs[1].inputs[1]
  if not filter or not filter.arguments.leaves then return end
  local input = input_of(filter.inputs[1])
  if input:rows() == 0 then return end
  if input:run { steps = { { "filter", filter.arguments.keep } }, count = true } > 0 then return end
  error_.throw("shape", ("all rows that are left (%d) are marked as totals, which are never added up: to use them as "
    .. "data, ask for them with filter \"is_total\", or drop \"is_total\""):format(input:rows()))
end

local function run_aggregate(node)
  local chain, source = chain_of(node.inputs[1])
  local input = input_of(source)
  local program = program_of(chain, source.schema)
  local keys = node.arguments.keys
  local physical = places(program, keys)
  local aggregates = translated_aggregates(node.arguments.aggregates, program.place)
  local names, physical_names = named_apart(keys, physical, aggregates)
  local result, how, spots = input:run { steps = program.steps, keys = physical, aggregates = aggregates }
  groupings[node] = { how = how, places = spots, groups = result:rows() }
  if is_empty(result, keys) then check_leaves(node) end
  return with_plan_names(result, names, physical_names):select(schema_.all_names(node.schema))
end

-- ---- Steps of their own ----

-- Numbers by chance, the same on every machine: Park and Miller's generator, whose products are exact in a double.
local function dice(seed)
  local state = seed % 2147483646 + 1
  local function step()
    state = state * 16807 % 2147483647
    return state - 1
  end
  for _ = 1, 10 do step() end
  return function(below) -- 0 .. below - 1
    local high, low = step(), step()
    return math.floor((high % 1048576 * 2147483646 + low) % below)
  end
end

-- `size` different row numbers of 1 .. rows, in order (Floyd's method).
local function draw(rows, size, seed)
  local roll, taken, list = dice(seed), {}, {}
  for last = rows - size + 1, rows do
    local row = roll(last) + 1
    if taken[row] then row = last end
    taken[row] = true
    list[#list + 1] = row
  end
  table.sort(list)
  return list
end

-- 1-based, from the end when negative, cut at both ends.
local function slice_bounds(rows, first, last)
  if first < 0 then first = rows + first + 1 end
  if last < 0 then last = rows + last + 1 end
  first, last = math.max(first, 1), math.min(last, rows)
  return first, math.max(0, last - first + 1)
end

local MARKS = { "column", schema_.MARKS }
local FALSE = { "value", false, "boolean" }

-- Marks under another name, in a table that will be joined to one that has its own.
local OTHER_MARKS = "is_total of the other table"

-- Marks of a joined row: it is a total when either side is.
local function joined_marks(result)
  local sides = {}
  for _, name in ipairs { schema_.MARKS, OTHER_MARKS } do
    if result:index(name) then sides[#sides + 1] = { "call", "coalesce", { "column", name }, FALSE } end
  end
  if #sides == 0 then return result end
  local either = sides[2] and { "call", "or", sides[1], sides[2] } or sides[1]
  return result:with(schema_.MARKS, result:evaluate(either))
end

local runners = {
  source = function(node) return node.arguments.table end,
  scan = run_chain,
  aggregate = run_aggregate,
}
for verb in pairs(part_of_program) do runners[verb] = run_chain end

function runners.sort(node)
  return M.run(node.inputs[1]):sort(node.arguments.keys)
end

function runners.top(node)
  local arguments = node.arguments
  return M.run(node.inputs[1]):top(arguments.by, arguments.name, arguments.most)
end

function runners.slice(node)
  local from, bounds = node.inputs[1], node.arguments
  if bounds.first == 1 and bounds.last >= 0 and is_drawn(from) then
    return run_chain(from, bounds.last)
  end
  local input = M.run(from)
  local first, count = slice_bounds(input:rows(), node.arguments.first, node.arguments.last)
  if count == 0 then first = 1 end
  return input:slice(first, count)
end

function runners.sample(node)
  local input, size = M.run(node.inputs[1]), node.arguments.size
  local rows = input:rows()
  if size < 1 then size = math.floor(size * rows + 0.5) end
  return input:take(draw(rows, math.min(size, rows), node.arguments.seed))
end

function runners.distinct(node)
  return M.run(node.inputs[1]):distinct(node.arguments.names)
end

function runners.join(node)
  local left, right = M.run(node.inputs[1]), M.run(node.inputs[2])
  if node.inputs[2].schema.marks then right = right:rename({ schema_.MARKS }, { OTHER_MARKS }) end
  local join = node.arguments
  matches.check(left, right, join)
  local result, report = left:join(right, { kind = join.kind, left = join.left, right = join.right,
    suffix = join.suffix, match_missing = join.match_missing, as_of = join.as_of })
  reports[node] = report
  return joined_marks(result):select(schema_.all_names(node.schema))
end

function runners.append(node)
  local tables = {}
  for i, input in ipairs(node.inputs) do tables[i] = M.run(input) end
  local result = core.append(tables, node.arguments.origin, node.arguments.labels)
  if node.schema.marks then
    result = result:with(schema_.MARKS, result:evaluate { "call", "coalesce", MARKS, FALSE })
  end
  return result:select(schema_.all_names(node.schema))
end

function runners.unpivot(node)
  local arguments = node.arguments
  return M.run(node.inputs[1]):unpivot(arguments.columns, arguments.names_to, arguments.values_to)
    :select(schema_.all_names(node.schema))
end

function runners.window(node)
  local input, window = M.run(node.inputs[1]), node.arguments
  local column = input:window(window.func, window.column, window.by, window.offset)
  return input:with(window.name, column):select(schema_.all_names(node.schema))
end

function runners.unique(node)
  local input, names = M.run(node.inputs[1]), node.arguments.names
  local counts = input:run { steps = {}, keys = names, aggregates = { { name = "rows of one kind", func = "count" } } }
  if counts:rows() == input:rows() then return input end
  local twice = counts:filter { "call", ">", { "column", "rows of one kind" }, { "value", 1, "integer" } }
  error_.throw("shape", node.arguments.message(rows_.row(twice, names, 1)))
end

function runners.none(node)
  local input, arguments = M.run(node.inputs[1]), node.arguments
  if input:run { steps = { { "filter", arguments.condition } }, count = true } > 0 then
    error_.throw("shape", arguments.message)
  end
  return input
end

function runners.levels(node)
  local input, name = M.run(node.inputs[1]), node.arguments.name
  return input:with(name, input:column(name):with_levels(node.arguments.levels))
end

function runners.filter_by_function(node)
  local input, keep, rows = M.run(node.inputs[1]), node.arguments.keep, {}
  for row, number in rows_.each(input, schema_.all_names(node.inputs[1].schema)) do
    if keep(row) then rows[#rows + 1] = number end
  end
  return input:take(rows)
end

function runners.derive_by_function(node)
  local input, column = M.run(node.inputs[1]), node.arguments.column
  local values = rows_.computed(input, schema_.all_names(node.inputs[1].schema), node.arguments.value)
  return input:with(column.name, rows_.column(column.type, values, column.name)):select(schema_.all_names(node.schema))
end

-- ---- The door ----

--- Carries a plan out.
-- @param node
-- @return the engine's table, whose columns are those of the schema in order, the marks last
function M.run(node)
  local result = results[node]
  if not result then
    result = runners[node.verb](node)
    results[node] = result
  end
  return result
end

--- How many rows a plan gives; they are counted without being kept, where that can be done.
-- @param node
-- @treturn integer
function M.count(node)
  if not is_drawn(node) then return M.run(node):rows() end
  local chain, source = chain_of(node)
  return input_of(source):run { steps = program_of(chain, source.schema).steps, count = true }
end

--- Is this a plan whose rows were not read yet, and are read when they are needed?
-- @param node
-- @treturn boolean
function M.is_unread(node)
  if not is_drawn(node) then return false end
  local _, source = chain_of(node)
  return source.verb == "scan" and not results[source]
end

--- What is known of a join that has run, or nil before.
-- @param node
-- @treturn table|nil { left_unmatched =, right_unmatched =, left_repeated = (rows of left that match several),
-- many_to_many = }
function M.report_of(node)
  return reports[node]
end

--- How the groups of an aggregation that has run were told apart, or nil before.
-- @param node
-- @treturn table|nil { how = "none" | "places" | "whole" | "batches", places =, groups = }
function M.grouping_of(node)
  return groupings[node]
end

--- The same of the join nearest to the end of a plan, which is run for it, or nil without one.
-- @param node
-- @treturn table|nil
function M.join_report(node)
  while node and node.verb ~= "join" do node = node.inputs[1] end
  if not node then return nil end
  M.run(node)
  return M.report_of(node)
end

return M
