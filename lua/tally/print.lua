--- Tables as text: for the screen, for a text file, for Markdown.
--
-- Printing is for reading. What is shown is aligned and bounded by the screen; what is left out is said. The table
-- itself is never cut.
--
--     170 rows (1 total) × 13 columns   dt051-table-1-20182019.csv
--       UKPRN     HE provider                  England
--       text      text                         integer
--       ──────────────────────────────────────────────
--       10007783  The University of Aberdeen     1,435
--
-- @module tally.print

local cells = require "tally.cells"
local core = require "tally.core"
local number = require "tally.number"
local run = require "tally.run"
local width = require "tally.width"

local printing = {}

local gap = "  "
local total_mark = "Σ "
local column_mark, no_mark = "Σ", " "

-- A table of more rows than `all` shows the first `head` and the last `tail`.
local rows_shown = { all = 20, head = 10, tail = 5 }

-- Where texts are cut: at the first of these widths at which all columns fit the screen; when none does, at `crowded`.
-- Below `roomy` names are wrapped too.
local roomy, crowded = 48, 28
local narrower = { 40, 34, crowded, 22, 18, 14 }

local function usable(columns)
  return columns and columns >= 20 and columns or nil
end

-- COLUMNS is the word of whoever set it; shells do not pass theirs on, so the terminal is asked.
local function screen_width()
  return usable(tonumber(os.getenv "COLUMNS")) or usable(core.screen_width()) or 80
end

-- ---- What is shown ----

-- The numbers of the rows shown, and how many are left out after the first of them.
local function chosen_rows(rows, whole)
  local chosen = {}
  if whole or rows <= rows_shown.all then
    for i = 1, rows do chosen[i] = i end
    return chosen, 0
  end
  for i = 1, rows_shown.head do chosen[i] = i end
  for i = rows - rows_shown.tail + 1, rows do chosen[#chosen + 1] = i end
  return chosen, rows - #chosen
end

-- In a table that describes others, the rows whose numbers are years or identifiers: { [row] = true }.
local function plain_rows(t, shown)
  local described, rows = t.plan.schema.info.described, {}
  if not described or not shown:index(described.by) then return nil end
  local names = shown:column(described.by):values()
  for row = 1, names.n do rows[row] = names[row] ~= nil and described.plain[names[row]] end
  return rows
end

-- The columns as they will stand: { name, type, is_total, texts, right, whole = (never cut) }.
local function columns_of(t, shown)
  local columns, plain, total_columns = {}, plain_rows(t, shown), t:total_columns()
  local whole = t.plan.schema.info.whole or {}
  for i, column in ipairs(t.plan.schema.columns) do
    columns[i] = {
      name = width.safe(column.name),
      type = column.type,
      is_total = total_columns[column.name],
      texts = cells.texts(shown:column(column.name), column.like or column.name, plain),
      right = cells.is_numeric(column.type),
      whole = whole[column.name],
    }
  end
  return columns
end

-- A row of totals that no text names, as in a table of years, has the name of the totals in its first cell, if that
-- is free.
local function name_totals(t, shown, columns, marks)
  local name, texts = t.plan.schema.info.total_name or "Total", {}
  for _, column in ipairs(t.plan.schema.columns) do
    if column.type == "text" then texts[#texts + 1] = shown:column(column.name):values() end
  end
  local first = columns[1] and shown:column(t.plan.schema.columns[1].name)
  for row = 1, first and #columns[1].texts or 0 do
    local free = marks[row] and first:value(row) == nil and not first:reason(row)
    for _, values in ipairs(texts) do free = free and values[row] == nil end
    if free then columns[1].texts[row] = width.safe(name) end
  end
end

-- Which of the shown rows are totals; nil when the table has no marks.
local function marks_of(t, shown)
  for _, name in ipairs(t:names()) do
    if name == "is_total" then return nil end
  end
  return shown:index "is_total" and shown:column("is_total"):values()
end

-- Everything that a picture of the table needs.
local function picture_of(t, whole)
  local core_table = t:collect():core()
  local chosen, left_out = chosen_rows(core_table:rows(), whole)
  local shown = left_out > 0 and core_table:take(chosen) or core_table
  local marks, columns = marks_of(t, shown), columns_of(t, shown)
  if marks then name_totals(t, shown, columns, marks) end
  return {
    rows = core_table:rows(),
    shown = #chosen,
    left_out = left_out,
    columns = columns,
    marks = marks,
    total_rows = marks and core_table:run { steps = { { "filter", { "column", "is_total" } } }, count = true } or 0,
  }
end

-- ---- Widths ----

local function widest_text(column, most)
  local columns = 0
  for _, text in ipairs(column.texts) do columns = math.max(columns, width.of(text)) end
  return math.min(columns, most)
end

local function longest_word(text)
  local columns = 0
  for _, word in ipairs(width.wrap(text, 1)) do columns = math.max(columns, width.of(word)) end
  return columns
end

-- Wraps the name of a column into at most three lines, if a width of `most` allows it.
local function wrap_head(column, most)
  column.width = math.max(column.width, math.min(longest_word(column.name), most))
  column.head = width.wrap(column.name, column.width)
  while #column.head > 3 and column.width < most do
    column.width = column.width + 1
    column.head = width.wrap(column.name, column.width)
  end
end

-- Gives each column its width and the lines of its head; texts are cut at `most`. The width of all.
local function measure(columns, most)
  local total = 0
  for _, column in ipairs(columns) do
    local is_whole = column.right or column.whole
    column.width = math.max(widest_text(column, is_whole and math.huge or most), width.of(column.type))
    if most < roomy or width.of(column.name) > most then
      wrap_head(column, most)
    else
      column.width, column.head = math.max(column.width, width.of(column.name)), { column.name }
    end
    total = total + column.width + #gap
  end
  return total - #gap
end

local function measure_for(columns, room)
  if measure(columns, room == math.huge and room or roomy) <= room then return end
  for _, most in ipairs(narrower) do
    if measure(columns, most) <= room then return end
  end
  measure(columns, crowded)
  columns[1].width = math.min(columns[1].width, room)
end

-- How many different texts are too long for a column, and do they all end as the names of files do?
local function too_long(column)
  local count, seen, files = 0, {}, true
  for _, text in ipairs(column.texts) do
    if not seen[text] and width.of(text) > column.width then
      count, files = count + 1, files and text:find "%.[%l%d]+$" ~= nil
    end
    seen[text] = true
  end
  return count, files
end

-- The texts of a column, cut at their ends; in the middle where that tells more of them apart, and names of files.
local function cut_texts(column)
  local function cut_by(cut)
    local texts, seen, different = {}, {}, 0
    for row, text in ipairs(column.texts) do
      texts[row] = cut(text, column.width)
      if not seen[texts[row]] then different = different + 1 end
      seen[texts[row]] = true
    end
    return texts, different
  end
  local at_end, different = cut_by(width.cut)
  local count, files = too_long(column)
  if column.right or count == 0 then return at_end end
  local in_middle, more = cut_by(width.cut_middle)
  return (files and more >= different or more > different) and in_middle or at_end
end

-- How many columns fit into `room`; the first always does.
local function fitting(columns, room)
  local taken = 0
  for i, column in ipairs(columns) do
    taken = taken + column.width + (i > 1 and #gap or 0)
    if taken > room and i > 1 then return i - 1 end
  end
  return #columns
end

-- ---- Lines ----

local function rest_line(line)
  return (line:gsub(" +$", ""))
end

-- One line across the columns 1..count; text_of gives the text of each.
local function line_of(picture, count, mark, text_of)
  local parts = {}
  for i = 1, count do
    local column = picture.columns[i]
    parts[i] = width.pad(width.cut(text_of(column), column.width), column.width, column.right)
  end
  return rest_line(mark .. table.concat(parts, gap))
end

-- The types; that of a column of totals has the mark before it, in the gap.
local function type_line(picture, count, blank)
  local parts = {}
  for i = 1, count do
    local column = picture.columns[i]
    local text = (column.is_total and column_mark or no_mark) .. column.type
    parts[i] = width.pad(width.cut(text, column.width + 1), column.width + 1, column.right)
  end
  return rest_line(blank:sub(2) .. table.concat(parts, gap:sub(2)))
end

local function head_lines(picture, count, blank)
  local height, lines = 1, {}
  for i = 1, count do height = math.max(height, #picture.columns[i].head) end
  for level = 1, height do
    lines[level] = line_of(picture, count, blank, function(column)
      return column.head[level - height + #column.head] or ""
    end)
  end
  lines[height + 1] = type_line(picture, count, blank)
  return lines
end

-- Where the totals begin that stand at the foot, under a rule; nil when there are none, or when totals stand elsewhere
-- too.
local function first_foot_row(picture)
  local marks, first = picture.marks, picture.shown + 1
  while marks and first > 1 and marks[first - 1] do first = first - 1 end
  for row = 1, first - 1 do
    if marks and marks[row] then return nil end
  end
  return first > 1 and first or nil
end

local function body_lines(picture, count, rule, blank)
  local lines, foot = {}, first_foot_row(picture)
  for row = 1, picture.shown do
    if picture.left_out > 0 and row == rows_shown.head + 1 then
      lines[#lines + 1] = blank .. "… " .. number.count(picture.left_out, "more row")
    end
    if row == foot then lines[#lines + 1] = rule end
    local mark = picture.marks and picture.marks[row] and total_mark or blank
    lines[#lines + 1] = line_of(picture, count, mark, function(column) return column.cut[row] end)
  end
  return lines
end

-- The names of the columns that did not fit, in at most three lines.
local function rest_lines(picture, count, room, blank)
  local names, lines = {}, {}
  for i = count + 1, #picture.columns do names[#names + 1] = picture.columns[i].name end
  if #names == 0 then return lines end
  local inner = room - #blank
  local wrapped = width.wrap(number.count(#names, "more column") .. ": " .. table.concat(names, ", "), inner)
  if #wrapped > 3 then wrapped[3] = wrapped[3] .. " …" end
  for i = 1, math.min(#wrapped, 3) do lines[i] = blank .. width.cut(wrapped[i], inner) end
  return lines
end

local function source_names(t)
  local names = {}
  for _, source in ipairs(t:sources()) do
    if source.path:sub(1, 1) ~= "(" then names[#names + 1] = source.path:match "[^/]+$" end
  end
  if #names == 0 then return "" end
  return "   " .. (#names == 1 and names[1] or #names .. " files: " .. names[1] .. " …")
end

local function dimensions(t, picture, unread)
  local rows, columns = number.count(picture.rows, "row"), number.count(#picture.columns, "column")
  if unread then rows = "the first " .. rows end
  if picture.total_rows > 0 then rows = ("%s (%s)"):format(rows, number.count(picture.total_rows, "total")) end
  local groups = t:groups()
  if #groups > 0 then columns = ("%s, grouped by %s"):format(columns, table.concat(groups, ", ")) end
  return rows .. " × " .. columns .. source_names(t)
end

-- ---- The three ways of printing ----

local function grid(t, whole, room, unread)
  local picture = picture_of(t, whole)
  local lines = { width.cut(dimensions(t, picture, unread), room) }
  if #picture.columns == 0 then return lines[1] end
  local blank = gap
  local inner = room - #blank
  measure_for(picture.columns, inner)
  local count = fitting(picture.columns, inner)
  local taken = -#gap
  for i = 1, count do
    local column = picture.columns[i]
    taken, column.cut = taken + column.width + #gap, cut_texts(column)
  end
  local rule = blank .. ("─"):rep(math.min(taken, inner))
  local function add(more)
    for _, line in ipairs(more) do lines[#lines + 1] = line end
  end
  add(head_lines(picture, count, blank))
  add { rule }
  add(picture.rows == 0 and { blank .. "(no rows)" } or body_lines(picture, count, rule, blank))
  add(rest_lines(picture, count, room, blank))
  return table.concat(lines, "\n")
end

--- The table as it is shown on a screen, rows and columns of totals marked by Σ: at most thirty lines, as wide as the
-- environment variable COLUMNS says, or the terminal is, or 80. Of a table whose rows are read when they are needed the
-- first are shown.
-- @param t a Table
-- @return text without a final newline
function printing.table(t)
  local unread = run.is_unread(t.plan)
  return grid(unread and t:head(rows_shown.head) or t, false, screen_width(), unread)
end

--- The whole table as aligned text, however wide and long: for a file.
-- @param t a Table
-- @return text without a final newline
function printing.text(t)
  return grid(t, true, math.huge)
end

local function markdown_cell(text)
  return (text:gsub("|", "\\|"))
end

-- The cells of a column, head first, all of one width, so that the source can be read too.
local function markdown_column(column, marks)
  local texts = { markdown_cell(column.name), false }
  for row, text in ipairs(column.texts) do
    text = markdown_cell(text)
    texts[row + 2] = marks and marks[row] and "**" .. text .. "**" or text
  end
  local columns = 3
  for _, text in ipairs(texts) do columns = math.max(columns, text and width.of(text) or 0) end
  texts[2] = column.right and ("-"):rep(columns - 1) .. ":" or ("-"):rep(columns)
  for i, text in ipairs(texts) do texts[i] = width.pad(text, columns, column.right) end
  return texts
end

--- The whole table in Markdown, with pipes; totals are bold.
-- @param t a Table
-- @return text without a final newline
function printing.markdown(t)
  local picture, columns, lines = picture_of(t, true), {}, {}
  for i, column in ipairs(picture.columns) do columns[i] = markdown_column(column, picture.marks) end
  for row = 1, picture.rows + 2 do
    local parts = {}
    for i, texts in ipairs(columns) do parts[i] = texts[row] end
    lines[row] = "| " .. table.concat(parts, " | ") .. " |"
  end
  return table.concat(lines, "\n")
end

return printing
