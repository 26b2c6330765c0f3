-- Twins of the verbs in plain Lua: slow, simple loops over arrays of rows, written without looking at how tally does it. A twin table
-- is { names = {...}, rows = { { name = value, is_total = true or nil }, ... } }; a missing value is nil.

local twin = {}

local function copy(row)
  local other = {}
  for name, value in pairs(row) do other[name] = value end
  return other
end

local function like(t, rows, names)
  return { names = names or t.names, rows = rows }
end

-- A text that is the same for the same values of these columns.
local function key_of(row, names)
  local parts = {}
  for i, name in ipairs(names) do
    local value = row[name]
    if math.type(value) == "float" and value == 0 then value = 0.0 end
    parts[i] = value == nil and "-" or math.type(value) == "integer" and "n" .. value + 0.0 or type(value) .. tostring(value)
  end
  return table.concat(parts, "\1")
end

-- Lists of rows, in the order in which their key first appears; without names there is one group, even of no rows.
local function groups_of(rows, names)
  local order, found = {}, {}
  if #names == 0 then return { rows } end
  for _, row in ipairs(rows) do
    local key = key_of(row, names)
    if not found[key] then
      found[key] = {}
      order[#order + 1] = found[key]
    end
    table.insert(found[key], row)
  end
  return order
end

local function known(rows, name)
  local values = {}
  for _, row in ipairs(rows) do
    if row[name] ~= nil then values[#values + 1] = row[name] end
  end
  return values
end

local function sum(values, rows)
  if #values == 0 and #rows > 0 then return nil end
  local total = 0
  for _, value in ipairs(values) do total = total + value end
  return total
end

-- function(rows of a group, name of the column)
twin.aggregates = {
  rows = function(rows) return #rows end,
  count = function(rows, name) return #known(rows, name) end,
  sum = function(rows, name) return sum(known(rows, name), rows) end,
  mean = function(rows, name)
    local values = known(rows, name)
    return #values > 0 and sum(values, rows) / #values or nil
  end,
  min = function(rows, name)
    local values = known(rows, name)
    table.sort(values)
    return values[1]
  end,
  max = function(rows, name)
    local values = known(rows, name)
    table.sort(values)
    return values[#values]
  end,
  median = function(rows, name)
    local values = known(rows, name)
    table.sort(values)
    if #values == 0 then return nil end
    return (values[math.floor((#values + 1) / 2)] + values[math.ceil((#values + 1) / 2)]) / 2
  end,
  distinct = function(rows, name)
    local seen, n = {}, 0
    for _, value in ipairs(known(rows, name)) do
      if not seen[value] then n = n + 1 end
      seen[value] = true
    end
    return n
  end,
  first = function(rows, name) return known(rows, name)[1] end,
  last = function(rows, name)
    local values = known(rows, name)
    return values[#values]
  end,
}

function twin.leaves(t)
  local rows = {}
  for _, row in ipairs(t.rows) do
    if not row.is_total then rows[#rows + 1] = row end
  end
  return like(t, rows)
end

function twin.filter(t, keep)
  local rows = {}
  for _, row in ipairs(t.rows) do
    if keep(row) == true then rows[#rows + 1] = row end
  end
  return like(t, rows)
end

function twin.derive(t, name, value)
  local rows, names, there = {}, { table.unpack(t.names) }, false
  for _, old in ipairs(names) do there = there or old == name end
  if not there then names[#names + 1] = name end
  for i, row in ipairs(t.rows) do
    rows[i] = copy(row)
    rows[i][name] = value(row)
  end
  return like(t, rows, names)
end

function twin.select(t, names)
  local rows = {}
  for i, row in ipairs(t.rows) do
    rows[i] = { is_total = row.is_total }
    for _, name in ipairs(names) do rows[i][name] = row[name] end
  end
  return like(t, rows, names)
end

function twin.drop(t, names)
  local left_out, kept = {}, {}
  for _, name in ipairs(names) do left_out[name] = true end
  for _, name in ipairs(t.names) do
    if not left_out[name] then kept[#kept + 1] = name end
  end
  local result = twin.select(t, kept)
  if left_out.is_total then
    for _, row in ipairs(result.rows) do row.is_total = nil end
  end
  return result
end

-- One row for each column; `types` gives the type of each.
function twin.describe(t, types)
  local leaves, rows = twin.leaves(t).rows, {}
  for i, name in ipairs(t.names) do
    local values, of = known(leaves, name), twin.aggregates
    local row = { column = name, type = types[name], known = #values, missing = #leaves - #values,
      distinct = of.distinct(leaves, name) }
    if types[name] == "text" then
      local seen, different = {}, {}
      for _, value in ipairs(values) do
        if not seen[value] then different[#different + 1] = value end
        seen[value] = true
      end
      table.sort(different)
      local few = #different <= 20
      if #different > 0 then
        row.values = few and table.concat(different, ", ") or different[1] .. " ... " .. different[#different]
      end
    else
      for _, which in ipairs { "min", "mean", "median", "max" } do row[which] = of[which](leaves, name) end
    end
    rows[i] = row
  end
  return { names = { "column", "type", "known", "missing", "distinct", "min", "mean", "median", "max", "values" }, rows = rows }
end

-- The table with the values of a column replaced by their places in the order, so that other twins sort by it; and back.
function twin.places(t, name, order)
  local place = {}
  for i, value in ipairs(order) do place[value] = i end
  return twin.derive(t, name, function(row) return row[name] and place[row[name]] end)
end

function twin.places_back(t, name, order)
  return twin.derive(t, name, function(row) return row[name] and order[row[name]] end)
end

-- aggregates: { { result, which, column, where }, ... }
function twin.aggregate(t, keys, aggregates)
  local rows, names = {}, { table.unpack(keys) }
  for _, item in ipairs(aggregates) do names[#names + 1] = item[1] end
  for _, group in ipairs(groups_of(twin.leaves(t).rows, keys)) do
    local row = {}
    for _, name in ipairs(keys) do row[name] = group[1][name] end
    for _, item in ipairs(aggregates) do
      local chosen = item[4] and twin.filter({ rows = group }, item[4]).rows or group
      row[item[1]] = twin.aggregates[item[2]](chosen, item[3])
    end
    rows[#rows + 1] = row
  end
  return like(t, rows, names)
end

-- keys: { { name, descending }, ... }; insertion sort, which is stable. Totals last, missing last.
function twin.sort(t, keys)
  local function before(a, b)
    if (a.is_total or false) ~= (b.is_total or false) then return not a.is_total end
    for _, key in ipairs(keys) do
      local x, y = a[key[1]], b[key[1]]
      if x ~= y then
        if x == nil or y == nil then return x ~= nil end
        if key[2] then return x > y end
        return x < y
      end
    end
    return false
  end
  local rows = {}
  for _, row in ipairs(t.rows) do
    local place = #rows + 1
    while place > 1 and before(row, rows[place - 1]) do place = place - 1 end
    table.insert(rows, place, row)
  end
  return like(t, rows)
end

function twin.slice(t, first, last, by)
  local kept, rows = {}, {}
  for _, group in ipairs(groups_of(t.rows, by)) do
    local from = first < 0 and #group + first + 1 or first
    local to = last < 0 and #group + last + 1 or last
    for i = math.max(from, 1), math.min(to, #group) do kept[group[i]] = true end
  end
  for _, row in ipairs(t.rows) do
    if kept[row] then rows[#rows + 1] = row end
  end
  return like(t, rows)
end

function twin.distinct(t, names)
  local rows = {}
  for _, group in ipairs(groups_of(t.rows, { "is_total", table.unpack(names) })) do rows[#rows + 1] = group[1] end
  return like(t, rows)
end

function twin.join(left, right, key, kind)
  local rows, names, matched = {}, { table.unpack(left.names) }, {}
  for _, name in ipairs(right.names) do
    if name ~= key then names[#names + 1] = name end
  end
  local function merged(a, b)
    local row = copy(a)
    for name, value in pairs(b) do
      if name ~= "is_total" and (name ~= key or row[key] == nil) then row[name] = value end
    end
    row.is_total = a.is_total or b.is_total
    return row
  end
  for _, a in ipairs(left.rows) do
    local found = false
    for _, b in ipairs(right.rows) do
      if a[key] ~= nil and a[key] == b[key] then
        found, matched[b] = true, true
        if kind ~= "semi" and kind ~= "anti" then rows[#rows + 1] = merged(a, b) end
      end
    end
    if kind == "semi" and found or kind == "anti" and not found or not found and (kind == "left" or kind == "full") then
      rows[#rows + 1] = copy(a)
    end
  end
  for _, b in ipairs(right.rows) do
    if not matched[b] and (kind == "right" or kind == "full") then rows[#rows + 1] = merged({}, b) end
  end
  return like(left, rows, (kind == "semi" or kind == "anti") and left.names or names)
end

function twin.append(t, other)
  local rows, names, there = {}, { table.unpack(t.names) }, {}
  for _, name in ipairs(names) do there[name] = true end
  for _, name in ipairs(other.names) do
    if not there[name] then names[#names + 1] = name end
  end
  for _, part in ipairs { t, other } do
    for _, row in ipairs(part.rows) do rows[#rows + 1] = row end
  end
  return like(t, rows, names)
end

function twin.pivot(t, keys, names_from, values_from)
  local names, seen, rows = { table.unpack(keys) }, {}, {}
  for _, row in ipairs(t.rows) do
    local name = row[names_from] or "(missing)"
    if not seen[name] then names[#names + 1] = name end
    seen[name] = true
  end
  for _, group in ipairs(groups_of(t.rows, { "is_total", table.unpack(keys) })) do
    local wide = { is_total = group[1].is_total }
    for _, name in ipairs(keys) do wide[name] = group[1][name] end
    for _, row in ipairs(group) do wide[row[names_from] or "(missing)"] = row[values_from] end
    rows[#rows + 1] = wide
  end
  return like(t, rows, names)
end

function twin.unpivot(t, columns, names_to, values_to)
  local turned, names, rows = {}, {}, {}
  for _, name in ipairs(columns) do turned[name] = true end
  for _, name in ipairs(t.names) do
    if not turned[name] then names[#names + 1] = name end
  end
  for _, row in ipairs(t.rows) do
    for _, column in ipairs(columns) do
      local long = { is_total = row.is_total, [names_to] = column, [values_to] = row[column] }
      for _, name in ipairs(names) do long[name] = row[name] end
      rows[#rows + 1] = long
    end
  end
  names[#names + 1], names[#names + 2] = names_to, values_to
  return like(t, rows, names)
end

local function percent(a, b)
  if a == nil or b == nil or b == 0 then return nil end
  return 100 * a / b
end
twin.share = percent

-- The values of a column in the leaves that share these keys with a row.
local function siblings(t, row, by)
  local list = {}
  for _, other in ipairs(twin.leaves(t).rows) do
    if key_of(other, by) == key_of(row, by) then list[#list + 1] = other end
  end
  return list
end

function twin.percent(t, name, by, as)
  return twin.derive(t, as, function(row)
    local rows = siblings(t, row, by)
    return percent(row[name], sum(known(rows, name), rows))
  end)
end

function twin.cumulative(t, name, by, as)
  local running = {}
  return twin.derive(t, as, function(row)
    if row.is_total or row[name] == nil then return nil end
    local key = key_of(row, by)
    running[key] = (running[key] or 0) + row[name]
    return running[key]
  end)
end

function twin.rank(t, name, by, as)
  return twin.derive(t, as, function(row)
    if row.is_total or row[name] == nil then return nil end
    local place = 1
    for _, value in ipairs(known(siblings(t, row, by), name)) do
      if value > row[name] then place = place + 1 end
    end
    return place
  end)
end

function twin.totals(t, by, sums, label)
  local items = {}
  for i, name in ipairs(sums) do items[i] = { name, "sum", name } end
  local total = twin.aggregate(t, by, items)
  for _, row in ipairs(total.rows) do
    row.is_total = true
    if label then row[label] = "Total" end
  end
  return like(t, twin.append(t, total).rows)
end

function twin.top(t, n, name, by, position)
  local rows = {}
  for _, group in ipairs(groups_of(twin.leaves(t).rows, by)) do
    local sorted = twin.sort(like(t, group), { { name, true } }).rows
    for i = 1, math.min(n, #sorted) do rows[#rows + 1] = sorted[i] end
    if position then position(rows, sorted, n) end
  end
  return like(t, rows)
end

-- kinds as change() has them; the periods are whole years in `over`
function twin.change(t, name, over, by, kind, base, as)
  return twin.derive(t, as, function(row)
    local earlier, first
    for _, other in ipairs(t.rows) do
      if key_of(other, by) == key_of(row, by) and (other.is_total or false) == (row.is_total or false) and other[over] then
        if row[over] and other[over] == row[over] - 1 then earlier = other end
        if base and other[over] == base or not base and (not first or other[over] < first[over]) then first = other end
      end
    end
    local from = earlier
    if base or kind == "index" or kind == "annual" then from = first end
    local now, before = row[name], from and from[name]
    if now == nil or before == nil then return nil end
    if kind == "percent" then return percent(now - before, before) end
    if kind == "index" then return percent(now, before) end
    if kind == "annual" then
      local years = row[over] and row[over] - from[over]
      if not years or years <= 0 or before <= 0 or now < 0 then return nil end
      return 100 * ((now / before) ^ (1 / years) - 1)
    end
    return now - before
  end)
end

-- A table of sums of `name`, by `down` and `across`, with both totals; cells as percentages when `of` says of what.
function twin.crosstab(t, down, across, name, of)
  local leaves, names, rows = twin.leaves(t).rows, { down }, {}
  local function total(keep)
    local chosen = twin.filter({ rows = leaves }, keep).rows
    return sum(known(chosen, name), chosen)
  end
  local columns = groups_of(leaves, { across })
  for _, group in ipairs(columns) do names[#names + 1] = group[1][across] or "(missing)" end
  names[#names + 1] = "Total"
  local function line(is_row)
    local cells = {}
    for _, group in ipairs(columns) do
      local value = group[1][across]
      local function is_column(row) return row[across] == value end
      local cell = total(function(row) return is_row(row) and is_column(row) end)
      local in_base = of == "row" and is_row or of == "column" and is_column or function() return true end
      if of then cell = percent(cell, total(in_base)) end
      cells[value or "(missing)"] = cell
    end
    local cell = total(is_row)
    if of == "row" then cell = percent(cell, cell) end
    if of == "column" or of == "total" then cell = percent(cell, total(function() return true end)) end
    cells.Total = cell
    return cells
  end
  for _, group in ipairs(groups_of(leaves, { down })) do
    local value = group[1][down]
    rows[#rows + 1] = line(function(row) return row[down] == value end)
    rows[#rows][down] = value
  end
  rows[#rows + 1] = line(function() return true end)
  rows[#rows][down], rows[#rows].is_total = "Total", true
  return { names = names, rows = rows }
end

return twin
