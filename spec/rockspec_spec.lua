-- The rockspec names every source, every module, and the version that stands in VERSION.

local files = require "spec.support.files"
local read = files.read

local function files_under(folder, ending)
  local found = {}
  for _, path in ipairs(files.under(folder)) do
    if path:sub(-#ending) == ending then found[#found + 1] = path end
  end
  return found
end

local rock = {}
assert(load(read "rockspec/tally-scm-1.rockspec", "rockspec", "t", rock))()

describe("the rockspec", function()
  it("lists every C source", function()
    assert.same(files_under("csrc", ".c", {}), rock.build.modules["tally.core"].sources)
  end)

  it("lists every Lua module", function()
    local found, listed = files_under("lua", ".lua", {}), {}
    for name, path in pairs(rock.build.modules) do
      if type(path) == "string" then
        listed[#listed + 1] = path
        assert.equal(path:match "^lua/(.*)%.lua$", (name:gsub("%.", "/")))
      end
    end
    table.sort(listed)
    assert.same(found, listed)
  end)

  it("has the version of VERSION", function()
    local version = read("VERSION"):match "%S+"
    assert.equal(('TALLY_VERSION="%s"'):format(version), rock.build.modules["tally.core"].defines[1])
  end)
end)
