-- Rows that are read when they are needed: the same as those that are read at once, whatever the batches; and what a
-- scan refuses.

local files = require "spec.support.files"
local tally = require "tally"

-- A generator of records: the same on every machine.
local function records(count, seed)
  local state = seed
  local function draw(below)
    state = state * 16807 % 2147483647
    return state % below
  end
  local levels, lines = { "UG", "PGT", "PGR", '"Other, ""odd"""', "" }, { "level,provider,n,fee,day" }
  for i = 1, count do
    local n, fee = draw(7) == 0 and "" or draw(1000), ("%d.%02d"):format(draw(90), draw(100))
    local day = ("20%02d-0%d-1%d"):format(draw(30), draw(9) + 1, draw(10))
    lines[#lines + 1] = table.concat({ levels[draw(5) + 1], "provider " .. draw(40), n, draw(9) == 0 and "[c]" or fee,
      day }, ",")
    if i % 50 == 0 then lines[#lines + 1] = draw(2) == 0 and "" or "short,row" end
  end
  return table.concat(lines, "\n") .. "\n"
end

local quiet = { quiet = true }

-- Calls `action` with a new folder that holds these files.
local function in_folder(contents, action)
  local folder = files.new_folder()
  for name, bytes in pairs(contents) do files.write(folder .. "/" .. name, bytes) end
  local ok, message = pcall(action, folder)
  files.remove_folder(folder)
  assert(ok, message)
end

local function with(options, more)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  for name, value in pairs(more) do all[name] = value end
  return all
end

-- The whole table, as text.
local function text_of(t)
  return require("tally.print").text(t)
end

describe("a scan", function()
  it("gives what reading gives, in batches of any size and with any number of threads", function()
    local before = tally.threads()
    for seed, count in ipairs { 5, 30, 700 } do
      local text = records(count, seed)
      local whole = tally.read_csv({ text = text }, quiet)
      local grouped = whole:group_by "level":aggregate("n = sum(n)", "fee = mean(fee)", "rows = count()")
      local kept = whole:filter "n > 500":derive "double = n * 2":select("double", "provider")
      for _, chunk_bytes in ipairs { 64, 333, 4096, 1048576 } do
        for _, threads in ipairs { 1, 2, 3 } do
          tally.threads(threads)
          local t = tally.scan_csv({ text = text }, with(quiet, { chunk_bytes = chunk_bytes }))
          assert.same(whole:types(), t:types())
          assert.equal(#whole, #t)
          assert.equal(text_of(grouped),
            text_of(t:group_by "level":aggregate("n = sum(n)", "fee = mean(fee)", "rows = count()")))
          assert.equal(text_of(kept), text_of(t:filter "n > 500":derive "double = n * 2":select("double", "provider")))
          assert.equal(text_of(whole:head(5)), text_of(t:head(5)))
          assert.equal(text_of(whole:sort "-n"), text_of(t:sort "-n"))
          assert.equal(text_of(whole:problems()), text_of(t:problems()))
        end
      end
    end
    tally.threads(before)
  end)

  it("counts rows without keeping them, and again when asked again", function()
    local text = records(100, 7)
    local t = tally.scan_csv({ text = text }, quiet)
    assert.equal(#tally.read_csv({ text = text }, quiet), #t)
    assert.equal(#t, #t)
    assert.equal(0, #tally.scan_csv { text = "level,n\n" })
    assert.equal(#t:filter "n > 500", t:filter("n > 500"):aggregate("rows = count()"):value(1, "rows"))
  end)

  it("binds several files, with a column that says which", function()
    in_folder({ ["a.csv"] = "level,n\nUG,1\nPGT,2\n", ["b.csv"] = "n,level,mode\n3.5,UG,FT\n" }, function(folder)
      local t = tally.scan_csv(folder .. "/*.csv")
      assert.same({ "file", "level", "n", "mode" }, { table.unpack(t:names()) })
      assert.same({ "text", "text", "number", "text" }, { table.unpack(t:types()) })
      assert.equal(text_of(tally.read_csv(folder .. "/*.csv")), text_of(t:collect()))
    end)
  end)

  it("names the place of a value that the samples did not foresee, and what to say", function()
    local lines = { "n,m" }
    for i = 1, 3000 do lines[#lines + 1] = i .. ",1" end
    lines[2000] = "many,1"
    lines[#lines + 1] = ""
    local t = tally.scan_csv({ text = table.concat(lines, "\n"), name = "x.csv" })
    local message = files.error_text(function() return t:aggregate("s = sum(n)"):value(1, "s") end)
    assert.equal("x.csv:2000: 'many' in column 'n' is not read as integer, as the values looked at before were: say what "
      .. "the column is, e.g. types = { [\"n\"] = \"text\" }", message)
    assert.equal(3000, t:aggregate("s = sum(m)"):value(1, "s"))
    local text = tally.scan_csv({ text = table.concat(lines, "\n") }, { types = { n = "text" } })
    assert.equal("many", text:filter("n == 'many'"):value(1, "n"))
  end)

  it("wants to be told which rows are totals", function()
    local text = "level,n\nUG,5\nPGT,7\nTotal,12\n"
    local message = files.error_text(tally.scan_csv, { text = text, name = "x.csv" })
    assert.truthy(message:find("x.csv: some rows seem to be totals of others ('Total' in column 'level')", 1, true))
    local function sum(totals)
      return tally.scan_csv({ text = text }, { totals = totals }):aggregate("s = sum(n)"):value(1, "s")
    end
    assert.equal(12, sum "level == 'Total'")
    assert.equal(24, sum(false))
  end)

  it("sees that the file was changed", function()
    in_folder({ ["a.csv"] = "level,n\nUG,1\nPGT,2\n" }, function(folder)
      local t = tally.scan_csv(folder .. "/a.csv")
      assert.equal(2, #t)
      local file = assert(io.open(folder .. "/a.csv", "a"))
      file:write "PGR,3\n"
      file:close()
      assert.truthy(files.error_text(function() return #t end):find("was changed while being read", 1, true))
    end)
  end)

  it("refuses what is not for it", function()
    assert.equal("scan_csv has no limit: head(n) reads no more of the file than it needs",
      files.error_text(tally.scan_csv, { text = "a\n1\n" }, { limit = 5 }))
    local open = tally.scan_csv { text = 'a,b\n1,"x\n2,y\n' }
    assert.truthy(files.error_text(function() return #open end):find("has a quote that is never closed", 1, true))
  end)

  it("shows its first rows, and says what it is", function()
    local t = tally.scan_csv({ text = records(300, 3), name = "records.csv" }, quiet)
    assert.truthy(tostring(t):find("^the first 10 rows × 5 columns"))
    assert.equal(10, #t:head(10))
  end)
end)
