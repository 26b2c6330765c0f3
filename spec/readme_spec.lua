-- The README prints what it says it prints. Its blocks of Lua are run in order, as one program; a block of text after one is what it printed.
-- README_WRITE=1 writes the blocks of text anew.

local read = require("spec.support.files").read

local source = read "README.md"

-- Every block ```lua … ``` with the block ```text … ``` that follows it directly.
local function blocks()
  local found, at = {}, 1
  while true do
    local first, last, code = source:find("```lua\n(.-)```\n", at)
    if not first then return found end
    local from, to, text = source:find("^```text\n(.-)```\n", last + 1)
    found[#found + 1] = { code = code, text = text, from = from, to = to }
    at = (to or last) + 1
  end
end

-- What each block prints. The locals of one are those of the next.
local function printed(list)
  local outputs, chunk = {}, {}
  local environment = setmetatable({}, { __index = _G })
  environment.print = function(...)
    local texts = table.pack(...)
    for i = 1, texts.n do texts[i] = tostring(texts[i]) end
    outputs[environment.block] = (outputs[environment.block] or "") .. table.concat(texts, "\t") .. "\n"
  end
  for i, block in ipairs(list) do chunk[#chunk + 1] = ("block = %d\n%s"):format(i, block.code) end
  assert(load(table.concat(chunk, "\n"), "=brief.lua", "t", environment))()
  return outputs
end

local function rewrite(list, outputs)
  for i = #list, 1, -1 do
    if list[i].from then
      source = source:sub(1, list[i].from - 1) .. "```text\n" .. (outputs[i] or "") .. "```\n" .. source:sub(list[i].to + 1)
    end
  end
  local file = assert(io.open("README.md", "wb"))
  file:write(source)
  file:close()
end

-- The examples are printed for a screen of 80 columns.
local function without_columns(action, ...)
  local real = os.getenv
  os.getenv = function(name) return name ~= "COLUMNS" and real(name) or nil end -- luacheck: ignore
  local ok, result = pcall(action, ...)
  os.getenv = real -- luacheck: ignore
  return assert(ok and result, result)
end

describe("the README", function()
  local list = blocks()
  local outputs = without_columns(printed, list)
  if os.getenv "README_WRITE" then
    rewrite(list, outputs)
    list = blocks()
  end

  it("has examples", function()
    assert.is_true(#list >= 5)
  end)

  for i, block in ipairs(list) do
    if block.text then
      it("prints what it says, block " .. i, function() assert.equal(block.text, outputs[i]) end)
    end
  end
end)
