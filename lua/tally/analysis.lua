--- An analysis as a value: what it is called, what it needs, and a function from tables to a table.
--
--     local shares = tally.analysis {
--       name = "shares",
--       title = "Shares of students by country",
--       needs = { students = { columns = {
--         { name = "country", type = "text" },
--         { name = "students", type = "integer" },
--       } } },
--       parameters = { least = { type = "integer", default = 0, help = "the fewest students a country may have" } },
--       notes = { "Counts are instances, not people." },
--       run = function(inputs, parameters)
--         return inputs.students:filter("students >= $least", parameters):percent "students"
--       end,
--     }
--     print(shares)
--     print(shares:run { students = t, least = 100 })
--
-- What it needs is checked before it runs, so that a missing column is said in the words of the analysis and not in
-- those of the formula that trips over it.
--
-- @module tally.analysis

local error_ = require "tally.error"
local number = require "tally.number"
local suggest = require "tally.suggest"

local analysis = {}

local function fail(kind, text, ...)
  error_.throw(kind, text:format(...))
end

local Analysis = {}
Analysis.__index = Analysis
Analysis.__name = "tally.analysis"

-- A value as it is written in Lua.
local function shown(value)
  if type(value) == "string" then return ("'%s'"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local items = {}
  for i, item in ipairs(value) do items[i] = shown(item) end
  return "{ " .. table.concat(items, ", ") .. " }"
end

-- ---- Making one ----

-- field -> type, and whether it must be there
local fields = {
  name = { "string", true },
  title = { "string", true },
  needs = { "table", true },
  parameters = { "table", false },
  notes = { "table", false },
  sources = { "table", false },
  run = { "function", true },
}

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  return keys
end

local function did_you_mean(name, names)
  local nearest = suggest.nearest(name, names)
  if nearest then return ("; did you mean '%s'?"):format(nearest) end
  return #names > 0 and (" (there are: %s)"):format(table.concat(names, ", ")) or ""
end

local function check_field(definition, field)
  local expected, required = fields[field][1], fields[field][2]
  local found = type(definition[field])
  if found ~= expected and (required or found ~= "nil") then
    fail("type", "the field '%s' of an analysis is a %s, not a %s", field, expected, found)
  end
end

local function check_need(definition, name, need)
  if type(need) ~= "table" or type(need.columns) ~= "table" then
    fail("type", "analysis '%s': needs.%s must have a list of columns", definition.name, tostring(name))
  end
  if definition.parameters and definition.parameters[name] then
    fail("name", "analysis '%s': '%s' is both an input and a parameter", definition.name, tostring(name))
  end
end

local function check_definition(definition)
  if type(definition) ~= "table" then fail("type", "an analysis is made from a table, not a %s", type(definition)) end
  for field in pairs(definition) do
    local name = tostring(field)
    if not fields[field] then
      fail("name", "an analysis has no field '%s'%s", name, did_you_mean(name, sorted_keys(fields)))
    end
  end
  for _, field in ipairs(sorted_keys(fields)) do check_field(definition, field) end
  for name, need in pairs(definition.needs) do check_need(definition, name, need) end
end

--- Makes an analysis.
-- @param definition a table: name, title, needs, parameters, notes, sources, run
-- @return an analysis
function analysis.new(definition)
  check_definition(definition)
  local made = {}
  for field in pairs(fields) do made[field] = definition[field] end
  made.parameters = made.parameters or {}
  made.notes = made.notes or {}
  made.sources = made.sources or {}
  made.action, made.run = made.run, nil
  return setmetatable(made, Analysis)
end

-- ---- Checking what is given ----

local function is_table(value)
  return type(value) == "table" and type(value.names) == "function" and type(value.types) == "function"
end

-- A column of type `found` will do where `wanted` is asked for.
local function will_do(found, wanted)
  return found == wanted or wanted == "any" or (wanted == "number" and found == "integer")
end

local function check_columns(self, input, t)
  local names, types = t:names(), {}
  for i, type_ in ipairs(t:types()) do types[names[i]] = type_ end
  for _, column in ipairs(self.needs[input].columns) do
    local found = types[column.name]
    if not found and not column.optional then
      fail("name", "analysis '%s' needs a column '%s' (%s) in '%s'%s", self.name, column.name, column.type, input,
        did_you_mean(column.name, names))
    elseif found and not will_do(found, column.type) then
      fail("type", "analysis '%s' needs the column '%s' of '%s' to be %s, but it is %s", self.name, column.name, input,
        column.type, found)
    end
  end
end

local function check_inputs(self, given)
  local inputs = {}
  for _, name in ipairs(sorted_keys(self.needs)) do
    local t = given[name]
    if t == nil then
      local help = self.needs[name].help or "see describe()"
      fail("name", "analysis '%s' needs the table '%s' (%s)", self.name, name, help)
    end
    if not is_table(t) then
      fail("type", "analysis '%s': '%s' must be a table of tally, not a %s", self.name, name, type(t))
    end
    check_columns(self, name, t)
    inputs[name] = t
  end
  return inputs
end

local function is_list(value)
  return type(value) == "table" and #value > 0
end

-- type of a parameter -> whether a Lua value is one
local parameter_types = {
  text = function(value) return type(value) == "string" end,
  integer = number.is_whole,
  number = function(value) return type(value) == "number" end,
  boolean = function(value) return type(value) == "boolean" end,
  list = is_list,
}

local function check_parameters(self, given)
  local parameters = {}
  for _, name in ipairs(sorted_keys(self.parameters)) do
    local parameter = self.parameters[name]
    local value = given[name]
    if value == nil then value = parameter.default end
    if value == nil and not parameter.optional then
      fail("name", "analysis '%s' needs the parameter '%s' (%s)", self.name, name, parameter.help or parameter.type)
    end
    if value ~= nil and not parameter_types[parameter.type](value) then
      fail("type", "analysis '%s': the parameter '%s' is %s, not %s", self.name, name, parameter.type,
        shown(value))
    end
    parameters[name] = value
  end
  return parameters
end

local function check_names(self, given)
  for name in pairs(given) do
    if not self.needs[name] and not self.parameters[name] then
      local names = sorted_keys(self.needs)
      for _, parameter in ipairs(sorted_keys(self.parameters)) do names[#names + 1] = parameter end
      fail("name", "analysis '%s' has no input or parameter '%s'%s", self.name, tostring(name),
        did_you_mean(tostring(name), names))
    end
  end
end

--- Checks what is given and runs the analysis.
-- @param given a table: the inputs and parameters by name
-- @return a Table
function Analysis:run(given, ...)
  if select("#", ...) > 0 then
    fail("shape", "analysis '%s' is run with one table: parameters go with the inputs, as in { %s = ..., %s = ... }",
      self.name, sorted_keys(self.needs)[1] or "t", sorted_keys(self.parameters)[1] or "parameter")
  end
  if type(given) ~= "table" then
    fail("type", "analysis '%s' is run with a table of inputs and parameters, not a %s", self.name, type(given))
  end
  check_names(self, given)
  local result = self.action(check_inputs(self, given), check_parameters(self, given))
  if not is_table(result) then
    fail("type", "analysis '%s' returned a %s, not a table of tally", self.name, type(result))
  end
  return result
end

-- ---- Describing ----

local function described_columns(columns)
  local texts = {}
  for i, column in ipairs(columns) do
    texts[i] = ("%s (%s%s)"):format(column.name, column.type, column.optional and ", optional" or "")
  end
  return table.concat(texts, ", ")
end

local function described_default(parameter)
  if parameter.default ~= nil then return "default " .. shown(parameter.default) end
  return parameter.optional and "optional" or "required"
end

local function need_lines(name, need)
  return ("    %s%s"):format(name, need.help and ": " .. need.help or ""),
    "      columns: " .. described_columns(need.columns)
end

local function parameter_line(name, parameter)
  local help = parameter.help and ": " .. parameter.help or ""
  return ("    %s (%s, %s)%s"):format(name, parameter.type, described_default(parameter), help)
end

--- What the analysis is and needs, as text; print(analysis) shows the same.
-- @return text
function Analysis:describe()
  local lines = { ("%s: %s"):format(self.name, self.title), "  needs" }
  local function add(...)
    for _, line in ipairs { ... } do lines[#lines + 1] = line end
  end
  for _, name in ipairs(sorted_keys(self.needs)) do add(need_lines(name, self.needs[name])) end
  if next(self.parameters) then add "  parameters" end
  for _, name in ipairs(sorted_keys(self.parameters)) do add(parameter_line(name, self.parameters[name])) end
  for _, part in ipairs { "notes", "sources" } do
    if #self[part] > 0 then add("  " .. part) end
    for _, text in ipairs(self[part]) do add("    - " .. text) end
  end
  return table.concat(lines, "\n")
end

Analysis.__tostring = Analysis.describe

return analysis
