-- The tables of a benchmark, from lines "title, bytes, peer, seconds, peak KiB, busy cores of others, check" with tabs
-- between. Ends with status 1 when two peers did not give the same answer.

local files, peers = {}, {} -- in order of first appearance

local function entry(list, key, new)
  if not list[key] then
    list[key] = new
    list[#list + 1] = new
  end
  return list[key]
end

for line in io.lines(arg[1]) do
  local title, bytes, peer, seconds, peak, others, check = line:match(("([^\t]*)\t"):rep(6) .. "(.*)")
  local file = entry(files, title, { title = title, megabytes = tonumber(bytes) / 1e6, best = {} })
  entry(peers, peer, { name = peer })
  local best = entry(file.best, peer, { name = peer, seconds = math.huge, megabytes = 0 })
  if tonumber(seconds) < best.seconds then best.seconds, best.others = tonumber(seconds), tonumber(others) end
  best.megabytes = math.max(best.megabytes, tonumber(peak) / 1024)
  best.check = check
end

-- The questions of one file together, for those who answered all of them.
local function add_sums()
  local sums = {}
  for _, file in ipairs(files) do
    local title = file.title:match "^(.-): "
    if title then
      local sum = entry(sums, title, { title = title .. ": all", megabytes = file.megabytes, best = {}, questions = 0 })
      sum.questions = sum.questions + 1
      for _, best in ipairs(file.best) do
        local all = entry(sum.best, best.name,
          { name = best.name, seconds = 0, megabytes = 0, others = 0, check = "all", answers = 0 })
        all.seconds, all.answers = all.seconds + best.seconds, all.answers + 1
        all.megabytes, all.others = math.max(all.megabytes, best.megabytes), math.max(all.others, best.others)
      end
    end
  end
  for _, sum in ipairs(sums) do
    for i = #sum.best, 1, -1 do
      if sum.best[i].answers < sum.questions then sum.best[table.remove(sum.best, i).name] = nil end
    end
    files[#files + 1] = sum
  end
end
add_sums()

-- The peer, tally left out, that took the least time.
local function fastest(file)
  local found
  for _, best in ipairs(file.best) do
    if best.name ~= "tally" and (not found or best.seconds < found.seconds) then found = best end
  end
  return found
end

-- The cores that others kept busy during the best runs, at most.
local function noise(file)
  local most = 0
  for _, best in ipairs(file.best) do most = math.max(most, best.others) end
  return most
end

-- One table: a line for each file, a column for each peer, and how many times what tally takes the fastest peer takes.
local function print_table(what, format)
  local head, rule = { "file" }, { "---" }
  for _, peer in ipairs(peers) do head[#head + 1], rule[#rule + 1] = peer.name, "---:" end
  head[#head + 1], rule[#rule + 1] = "fastest peer / tally", "---:"
  head[#head + 1], rule[#rule + 1] = "others", "---:"
  print("| " .. table.concat(head, " | ") .. " |\n| " .. table.concat(rule, " | ") .. " |")
  for _, file in ipairs(files) do
    local size = file.megabytes < 1 and "%s (%.1f MB)" or "%s (%.0f MB)"
    local cells, tally, peer = { size:format(file.title, file.megabytes) }, file.best.tally, fastest(file)
    for i, column in ipairs(peers) do
      local best = file.best[column.name]
      cells[i + 1] = best and format:format(best[what]) or "–"
      if best and tally and best ~= tally then
        cells[i + 1] = cells[i + 1] .. (" (%.2f×)"):format(best[what] / tally[what])
      end
    end
    cells[#cells + 1] = tally and peer and ("**%.2f** (%s)"):format(peer[what] / tally[what], peer.name) or "–"
    cells[#cells + 1] = ("%.2f"):format(noise(file))
    print("| " .. table.concat(cells, " | ") .. " |")
  end
  print()
end

local function same(a, b)
  if a == b then return true end
  local numbers_a, numbers_b = {}, {}
  for word in a:gmatch "%S+" do numbers_a[#numbers_a + 1] = tonumber(word) end
  for word in b:gmatch "%S+" do numbers_b[#numbers_b + 1] = tonumber(word) end
  if #numbers_a == 0 or #numbers_a ~= #numbers_b then return false end
  for i, x in ipairs(numbers_a) do
    if math.abs(x - numbers_b[i]) > 1e-9 * math.abs(x) then return false end
  end
  return true
end

print "Seconds, in brackets as a multiple of tally's:\n"
print_table("seconds", "%.3f")
print "Peak memory of the process in MB:\n"
print_table("megabytes", "%.0f")
local differ = false
for _, file in ipairs(files) do
  for _, best in ipairs(file.best) do
    if not same(file.best[1].check, best.check) then
      differ = true
      print(("Answers differ on %s: %s has %s, %s has %s\n"):format(file.title, file.best[1].name, file.best[1].check,
        best.name, best.check))
    end
  end
end
os.exit(not differ)
