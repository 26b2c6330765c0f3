-- How time grows: a table and a plot for each of "rows" and "groups", from lines as bench/report.lua reads them, with
-- titles as "rows 1e5: gb1".

local WIDTH, TALL = 60, 6 -- characters across a plot, and lines for a power of ten

local function entry(list, key, new)
  if not list[key] then
    list[key] = new
    list[#list + 1] = new
  end
  return list[key]
end

local axes = {} -- in order of first appearance, as everything in them
for line in io.lines(arg[1]) do
  local name, amount, question, seconds, others =
    line:match "^(%w+) (%S+): ([^\t]+)\t[^\t]*\t[^\t]*\t([^\t]*)\t[^\t]*\t([^\t]*)"
  local axis = entry(axes, name, { name = name, points = {}, questions = {} })
  local point = entry(axis.points, amount, { amount = amount, seconds = {}, others = 0 })
  entry(axis.questions, question, { name = question })
  point.seconds[question] = math.min(point.seconds[question] or math.huge, tonumber(seconds))
  point.others = math.max(point.others, tonumber(others))
end

local function print_table(axis)
  local head, rule = { axis.name }, { "---:" }
  for _, question in ipairs(axis.questions) do head[#head + 1], rule[#rule + 1] = question.name, "---:" end
  head[#head + 1], rule[#rule + 1] = "others", "---:"
  print("| " .. table.concat(head, " | ") .. " |\n| " .. table.concat(rule, " | ") .. " |")
  for i, point in ipairs(axis.points) do
    local cells, before = { point.amount }, axis.points[i - 1]
    for _, question in ipairs(axis.questions) do
      local seconds = point.seconds[question.name]
      local times = before and (" (%.1f×)"):format(seconds / before.seconds[question.name]) or ""
      cells[#cells + 1] = ("%.3g%s"):format(seconds, times)
    end
    cells[#cells + 1] = ("%.2f"):format(point.others)
    print("| " .. table.concat(cells, " | ") .. " |")
  end
  print()
end

-- From logarithms to places on the paper.
local function paper_of(axis)
  local least, most = math.huge, 0
  for _, point in ipairs(axis.points) do
    for _, seconds in pairs(point.seconds) do least, most = math.min(least, seconds), math.max(most, seconds) end
  end
  local first, last = axis.points[1].amount, axis.points[#axis.points].amount
  local paper = { bottom = math.floor(math.log(least, 10)), top = math.ceil(math.log(most, 10)), lines = {} }
  for line = 0, (paper.top - paper.bottom) * TALL do paper.lines[line] = {} end
  function paper.across(amount) return math.log(amount / first, 10) / math.log(last / first, 10) * WIDTH end
  function paper.up(seconds) return (math.log(seconds, 10) - paper.bottom) * TALL end
  return paper
end

-- The letter of a question where it was measured, and dots between; * where several questions meet.
local function draw(axis, paper, name, letter)
  local function put(x, y, mark)
    local line = paper.lines[math.floor(y + 0.5)]
    local column = math.floor(x + 0.5)
    if mark == "." then line[column] = line[column] or mark
    else line[column] = line[column] and line[column] ~= "." and "*" or mark end
  end
  for i, point in ipairs(axis.points) do
    local x, y, before = paper.across(point.amount), paper.up(point.seconds[name]), axis.points[i - 1]
    put(x, y, letter)
    if before then
      local from_x, from_y = paper.across(before.amount), paper.up(before.seconds[name])
      for step = from_x + 2, x - 1, 2 do put(step, from_y + (y - from_y) * (step - from_x) / (x - from_x), ".") end
    end
  end
end

local function print_line(text)
  print((text:gsub("%s+$", "")))
end

local function print_plot(axis)
  local paper, legend = paper_of(axis), {}
  for i, question in ipairs(axis.questions) do
    local letter = string.char(("a"):byte() + i - 1)
    draw(axis, paper, question.name, letter)
    legend[i] = letter .. " " .. question.name
  end
  print "```"
  for line = #paper.lines, 0, -1 do
    local cells = {}
    for column = 0, WIDTH do cells[column + 1] = paper.lines[line][column] or " " end
    local label = line % TALL == 0 and ("%g s"):format(10.0 ^ (paper.bottom + line // TALL)) or ""
    print_line(("%9s |"):format(label) .. table.concat(cells))
  end
  local amounts = (" "):rep(WIDTH + 4)
  for _, point in ipairs(axis.points) do
    local at = math.floor(paper.across(point.amount) + 0.5)
    amounts = amounts:sub(1, at) .. point.amount .. amounts:sub(at + #point.amount + 1)
  end
  print((" "):rep(10) .. "+" .. ("-"):rep(WIDTH + 1))
  print_line((" "):rep(11) .. amounts)
  print((" "):rep(11) .. axis.name .. ": " .. table.concat(legend, ", "))
  print "```\n"
end

print "Seconds of tally, in brackets as a multiple of the line above:\n"
for _, axis in ipairs(axes) do
  print_table(axis)
  print_plot(axis)
end
