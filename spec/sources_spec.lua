-- Every form data arrive in: a file, a pipe, a text, an open file and a function that gives pieces are read alike.

local tally = require "tally"
local core = require "tally.core"
local files = require "spec.support.files"

local folder

setup(function()
  folder = files.new_folder()
end)

teardown(function()
  files.remove_folder(folder)
end)

local function file(name, bytes)
  return files.write(folder .. "/" .. name, bytes)
end

local function message(action)
  return files.message(action, folder)
end

-- A function that gives the text in pieces of one size.
local function pieces_of(text, size)
  local at = 1
  return function()
    if at > #text then return nil end
    at = at + size
    return text:sub(at - size, at - 1)
  end
end

-- Everything that a reading holds, as one text.
local function all_of(t)
  local facts = t:sources()[1].facts
  local parts = { table.concat(t:names(), "|"), table.concat(t:types(), "|") }
  for i = 1, #t do
    for _, name in ipairs(t:names()) do
      local value, reason = t:value(i, name)
      parts[#parts + 1] = tostring(value) .. " " .. tostring(reason)
    end
  end
  for problem in t:problems():rows() do
    parts[#parts + 1] = ("%s %s %s %s"):format(problem.line, problem.byte, problem.what, problem.text)
  end
  for _, pair in ipairs(t:metadata()) do parts[#parts + 1] = tostring(pair.key) .. "=" .. tostring(pair.value) end
  for _, key in ipairs { "encoding", "reader", "separator", "separator_evidence", "header_line", "bytes" } do
    parts[#parts + 1] = key .. " " .. tostring(facts[key])
  end
  return table.concat(parts, "\n")
end

local sizes = { 1, 2, 3, 7, 31, 63, 64, 65, 4096 }
local texts = {
  proper = "Title:,Enrolments\n\nlevel,students,note\nUG,\"1,075\",\"two\nlines\"\nPGT,[c],café\nPGR,9,\"a \"\"b\"\"\"\n",
  damaged = "a,b\r\nx,\"1\r\ny,\"2\"\r\nz\r\nw,3,4\r\n\r\nv,5\r\n",
  windows = "a;b\ncaf\xE9;1,5\nna\xEFve;2,5\n",
  utf16 = "\xFF\xFE" .. ("a,b\n1,x\n2,y\n"):gsub(".", "%0\0"),
}

describe("the answer", function()
  for name, text in pairs(texts) do
    it("is the same for every form: " .. name, function()
      local path = file("t.csv", text)
      local expected = all_of(tally.read_csv(path, { quiet = true }))
      local handle = assert(io.open(path, "rb"))
      assert.equal(expected, all_of(tally.read_csv(handle, { quiet = true })))
      handle:close()
      assert.equal(expected, all_of(tally.read_csv({ text = text }, { quiet = true })))
      for _, size in ipairs(sizes) do
        assert.equal(expected, all_of(tally.read_csv(pieces_of(text, size), { quiet = true })))
      end
      for _, chunk in ipairs { 1, 64 } do
        assert.equal(expected, all_of(tally.read_csv(pieces_of(text, 7), { quiet = true, chunk_bytes = chunk })))
      end
    end)

    it("is the same from a pipe, by path and as standard input: " .. name, function()
      local path = file("p.csv", text)
      local fifo = folder .. "/fifo"
      assert(os.execute("mkfifo " .. fifo))
      os.execute(("cat %s > %s &"):format(path, fifo))
      local expected = all_of(tally.read_csv(path, { quiet = true }))
      assert.equal(expected, all_of(tally.read_csv(fifo, { quiet = true })))
      os.remove(fifo)
      local script = file("say.lua", ([[
        local t = require("tally").read_csv("-", { quiet = true })
        for i = 1, #t do for _, name in ipairs(t:names()) do io.write(tostring(t:value(i, name)), "\n") end end
        io.write(t:sources()[1].facts.reader, #t:problems()) ]]))
      local pipe = assert(io.popen(("cat %s | lua5.4 %s"):format(path, script)))
      local said = pipe:read "a"
      pipe:close()
      local t, lines = tally.read_csv(path, { quiet = true }), {}
      for i = 1, #t do
        for _, column in ipairs(t:names()) do lines[#lines + 1] = tostring((t:value(i, column))) .. "\n" end
      end
      assert.equal(table.concat(lines) .. t:sources()[1].facts.reader .. #t:problems(), said)
    end)
  end
end)

describe("a function that gives pieces", function()
  it("may give nothing for a while, and is asked until nil", function()
    local list = { "", "a,b\n1", "", ",x\n", "" }
    local asked = 0
    local t = tally.read_csv(function()
      asked = asked + 1
      return list[asked]
    end)
    assert.same({ "a", "b" }, t:names())
    assert.equal("x", t:value(1, "b"))
    assert.equal(6, asked)
    assert.equal("(function)", t:sources()[1].path)
  end)

  it("is what file:lines and the like give", function()
    local path = file("lines.csv", texts.proper)
    assert.equal("café", tally.read_csv(io.lines(path, 5)):value(2, "note"))
    assert.equal(1, #tally.read_json(pieces_of('[{"a":1}]', 2)))
  end)

  it("is gzip as a file is", function()
    local path = file("z.csv", texts.proper)
    assert(os.execute(("gzip -kf %s"):format(path)))
    local packed = files.read(path .. ".gz")
    local t = tally.read_csv(pieces_of(packed, 7))
    assert.equal("café", t:value(2, "note"))
    assert.equal("gzip", t:sources()[1].facts.compression)
    assert.equal(#packed, t:sources()[1].facts.bytes)
  end)

  -- Runs what must fail, and looks at the memory that the engine holds.
  local function fails_cleanly(action)
    collectgarbage()
    collectgarbage()
    local before = core.memory_used()
    local ok, err = pcall(action)
    assert.is_false(ok)
    collectgarbage()
    collectgarbage()
    assert.equal(before, core.memory_used())
    return err
  end

  it("that fails, gives something else, or is interrupted, leaves nothing behind", function()
    local given = 0
    local function once_then(what)
      given = 0
      return function()
        given = given + 1
        if given == 1 then return "a,b\n" .. ("1,2\n"):rep(1000) end
        return what()
      end
    end
    local own = {}
    assert.equal(own, fails_cleanly(function() return tally.read_csv(once_then(function() error(own) end)) end))
    local err = fails_cleanly(function() return tally.read_csv(once_then(function() return 5 end)) end)
    assert.equal("read_csv: the function gave a number where a piece of text or nil was expected", err.message)
    assert.equal("type", err.kind)
    err = fails_cleanly(function() return tally.read_csv(once_then(function() return false end)) end)
    assert.truthy(err.message:find("gave a boolean", 1, true))
    local script = coroutine.wrap(function() return tally.read_csv(once_then(function() error "interrupted!" end)) end)
    assert.truthy(tostring(fails_cleanly(script)):find "interrupted!")
  end)

  it("that ends with a message has failed: the table would be too short", function()
    local list = { "a,b\n1,2\n" }
    local function read()
      if list[1] then return table.remove(list) end
      return nil, "Input/output error", 5
    end
    local err = select(2, pcall(tally.read_csv, read))
    assert.equal("io", err.kind)
    assert.equal("read_csv: the function gave no more text: Input/output error", err.message)
  end)

  it("of no text is like an empty file", function()
    assert.equal("(function): is empty", message(function() return tally.read_csv(function() return nil end) end))
  end)
end)

describe("an open file that cannot be read", function()
  it("is an error", function()
    local handle = assert(io.open(folder)) -- a folder opens, and does not read
    local err = select(2, pcall(tally.read_csv, handle))
    handle:close()
    assert.equal("io", err.kind)
    assert.truthy(err.message:find("read_csv: the open file cannot be read: ", 1, true))
  end)
end)

describe("the facts", function()
  local function facts(text, options)
    return tally.read_csv({ text = text }, options):sources()[1].facts
  end

  it("say what the separator is, and why", function()
    local f = facts "a;b\n1,5;x\n2,5;y\n"
    assert.same({ ";", "3 of the first 3 records have 2 fields" }, { f.separator, f.separator_evidence })
    f = facts("a:b\n1:2\n", { separator = ":" })
    assert.same({ ":", "given" }, { f.separator, f.separator_evidence })
    assert.equal("no separator was found: one column", facts("a\nx\n").separator_evidence)
    assert.is_nil(tally.read_json({ text = '[{"a":1}]' }):sources()[1].facts.separator_evidence)
  end)

  it("say how the bytes came", function()
    assert.is_nil(facts("a,b\n1,2\n").compression)
    assert.equal("UTF-32BE", facts("\0\0\0a\0\0\0,\0\0\0b\0\0\0\n\0\0\0001\0\0\0,\0\0\0002").encoding)
    assert.equal("KOI8-R", facts("a,b\n\xF0\xD2,2\n", { encoding = "KOI8-R" }).encoding)
  end)
end)

describe("what is not guessed", function()
  local function first(text, name, options)
    return tally.read_csv({ text = text }, options):value(1, name)
  end

  it("is said by an option", function()
    assert.equal("\\N", first("a,b\n\\N,1\n", "a"))
    assert.is_nil(first("a,b\n\\N,1\n", "a", { missing = { "\\N" } }))
    assert.equal("NA", first("country,n\nNA,1\n", "country"))
    assert.is_nil(first("country,n\nNA,1\n", "country", { missing = { "NA" } }))
    assert.equal("1,5", first("a;b\n1,5;x\n", "a"))
    assert.equal(1.5, first("a;b\n1,5;x\n", "a", { decimal = "," }))
    assert.equal('C:\\"x"', first('a,b\n"C:\\\\\\"x\\"",1\n', "a", { escape = "\\" }))
    assert.equal("x", first("# note\na,b\n# more\nx,1\n", "a", { comment = "#" }))
  end)

  it("stays what it is: academic years are text, days are dates", function()
    local t = tally.read_csv { text = "year,day,other\n2019/20,31/07/2019,2019-07-31\n2020/21,29/02/2020,2020-02-29\n" }
    assert.same({ "text", "date", "date" }, t:types())
  end)

  it("is refused where it makes no sense", function()
    assert.equal("no encoding called 'utf-9'; did you mean 'UTF-8'? ('iconv -l' lists all)",
      message(function() return first("a,b\n1,2\n", "a", { encoding = "utf-9" }) end))
    assert.equal("separator and quote cannot both be '\"'",
      message(function() return first("a,b\n1,2\n", "a", { separator = '"' }) end))
  end)
end)
