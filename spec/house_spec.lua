-- The house keeps its rules: who may include whom, who may ask for memory, what is exported, where the version stands.

local files = require "spec.support.files"
local read, files_under = files.read, files.under

local function c_files()
  local found = {}
  for _, path in ipairs(files_under "csrc") do
    if path:match "%.[ch]$" then found[#found + 1] = path end
  end
  return found
end

-- Comments and literals blanked, so that words in them do not count.
local function code_only(text)
  text = text:gsub("/%*.-%*/", " "):gsub("//[^\n]*", " ")
  return (text:gsub('\\"', "  "):gsub('"[^"\n]*"', '""'))
end

-- The folder of csrc a file lies in; "" for csrc/tally.h.
local function layer_of(path)
  return path:match "^csrc/([^/]+)/" or ""
end

-- What each layer may include of the project.
local allowed = {
  [""] = {},
  base = { [""] = true, base = true },
  column = { [""] = true, base = true, column = true },
  ingest = { [""] = true, base = true, column = true, ingest = true },
  ops = { [""] = true, base = true, column = true, ops = true },
  emit = { [""] = true, base = true, column = true, emit = true },
  lua = { [""] = true, lua = true },
}

-- The includes of a file that its layer may not have.
local function forbidden_includes(path, text)
  local bad = {}
  local own = layer_of(path)
  text = text:gsub("/%*.-%*/", " ")
  for name in text:gmatch '#%s*include%s*"([^"]+)"' do
    local layer = name:match "^([^/]+)/" or (name == "tally.h" and "" or own)
    if not allowed[own][layer] then bad[#bad + 1] = path .. " includes " .. name end
  end
  if own ~= "lua" then
    for name in text:gmatch "#%s*include%s*<(l[ua][^>]*%.h)>" do
      if name:match "^lua" or name:match "^lauxlib" then bad[#bad + 1] = path .. " includes " .. name end
    end
  end
  return bad
end

describe("the layers", function()
  it("include only what they may", function()
    local bad = {}
    for _, path in ipairs(c_files()) do
      for _, line in ipairs(forbidden_includes(path, read(path))) do bad[#bad + 1] = line end
    end
    assert.same({}, bad)
  end)

  it("are told apart by the check", function()
    assert.equal(1, #forbidden_includes("csrc/ingest/x.c", '#include "ops/join.h"\n#include "base/mem.h"'))
    assert.equal(1, #forbidden_includes("csrc/ops/x.c", "#include <lua.h>"))
    assert.equal(1, #forbidden_includes("csrc/lua/x.c", '#include "column/table.h"'))
    assert.equal(1, #forbidden_includes("csrc/base/x.h", '#include "column/table.h"'))
  end)

  it("have file names of their own", function()
    local seen, twice = {}, {}
    for _, path in ipairs(c_files()) do
      local name = path:match "[^/]+$"
      if seen[name] and layer_of(path) ~= "lua" then twice[#twice + 1] = seen[name] .. " and " .. path end
      if layer_of(path) ~= "lua" then seen[name] = path end
    end
    assert.same({}, twice)
  end)

  it("keep rooms of at most 600 lines", function()
    local long = {}
    for _, folder in ipairs { "csrc", "lua" } do
      for _, path in ipairs(files_under(folder)) do
        local _, lines = read(path):gsub("\n", "")
        if lines > 600 and path ~= "csrc/tally.h" then long[#long + 1] = path .. ": " .. lines end
      end
    end
    assert.same({}, long)
  end)
end)

describe("the engine", function()
  -- word -> the only file that may use it (false: none)
  local guarded = {
    malloc = "csrc/base/mem.c", calloc = "csrc/base/mem.c", realloc = "csrc/base/mem.c", aligned_alloc = "csrc/base/mem.c",
    mmap = "csrc/base/pages.c",
    strdup = false, sprintf = false, strcpy = false, strcat = false, gets = false, setlocale = false, abort = false,
    exit = false, atoi = false, atof = false, strtod = false, alloca = false,
  }

  it("asks for memory in one place and calls nothing that depends on the locale or ends the process", function()
    local bad = {}
    for _, path in ipairs(c_files()) do
      for word in code_only(read(path)):gmatch "%f[%w_]([%a_][%w_]*)%s*%(" do
        local only = guarded[word]
        if only ~= nil and only ~= path then bad[#bad + 1] = path .. " calls " .. word end
      end
    end
    assert.same({}, bad)
  end)

  it("says at the head of each file what the room is for", function()
    local bare = {}
    for _, path in ipairs(c_files()) do
      if read(path):sub(1, 2) ~= "/*" then bare[#bare + 1] = path end
    end
    assert.same({}, bare)
  end)

  it("exports nothing from the module but its entrance", function()
    local build = os.getenv "TALLY_BUILD" or "build"
    local pipe = assert(io.popen("nm -D --defined-only " .. build .. "/tally/core.so"))
    local names = {}
    for line in pipe:lines() do
      local name = line:match "%s(%S+)$"
      if not name:match "^__asan" and not name:match "^__odr_asan" and not name:match "^__ubsan" then
        names[#names + 1] = name
      end
    end
    pipe:close()
    assert.same({ "luaopen_tally_core" }, names)
  end)
end)

describe("the version", function()
  it("is the one of the file VERSION wherever it is said", function()
    local version = read("VERSION"):match "%S+"
    assert.equal(version, require("tally.core").version())
    assert.equal(version, require("tally")._VERSION)
    assert.truthy(read("CHANGELOG.md"):find(version, 1, true))
  end)
end)

describe("the Lua half", function()
  it("is clean for luacheck", function()
    local pipe = assert(io.popen "luacheck -q --no-color lua spec examples $(ls -d bench 2>/dev/null) 2>&1; echo status=$?")
    local output = pipe:read "a"
    pipe:close()
    assert.truthy(output:match "status=0", output)
  end)

  it("leaves the globals and the string metatable alone", function()
    local script = [[
      local before = {}
      for k in pairs(_G) do before[k] = true end
      local index = getmetatable("").__index
      local meta = {}
      for k, v in pairs(getmetatable("")) do meta[k] = v end
      local tally = require "tally"
      tally.from_rows{ { a = 1 } }:filter("a == 1"):collect()
      for k in pairs(_G) do assert(before[k], "new global " .. tostring(k)) end
      assert(getmetatable("").__index == index)
      for k, v in pairs(getmetatable("")) do assert(meta[k] == v) end
      io.write "clean"
    ]]
    local path = files.write(os.tmpname(), script)
    local pipe = assert(io.popen("lua5.4 " .. path .. " 2>&1"))
    local output = pipe:read "a"
    pipe:close()
    os.remove(path)
    assert.equal("clean", output)
  end)
end)
