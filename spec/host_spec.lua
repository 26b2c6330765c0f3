-- The example of a C host without Lua: what it prints, and how it fails.

local build = os.getenv "TALLY_BUILD" or "build"

-- Runs examples/group_csv.c with these arguments; gives what it prints, errors too, and its exit status.
local function group_csv(arguments)
  local pipe = assert(io.popen(build .. "/example_group_csv " .. arguments .. " 2>&1; echo status=$?"))
  local output = pipe:read "a"
  pipe:close()
  return output:match "^(.*)status=(%d+)\n$"
end

describe("a C host", function()
  local file = "examples/data/hesa/students-by-level/students-by-level-2019-2020.csv"

  it("groups a file by a column", function()
    local output, status = group_csv(file .. " domicile students")
    assert.equal("domicile,rows,students\nTotal non-UK,3,556985\nTotal,3,2532165\n", output)
    assert.equal("0", status)
  end)

  it("says what is wrong and fails", function()
    local output, status = group_csv(file .. " domicil students")
    assert.truthy(output:find("did you mean 'domicile'?", 1, true), output)
    assert.equal("1", status)
    output, status = group_csv "no-such-file.csv a b"
    assert.truthy(output:find("no-such-file.csv", 1, true), output)
    assert.equal("1", status)
  end)

  it("does not link to Lua", function()
    local pipe = assert(io.popen("nm -u " .. build .. "/example_group_csv | grep -c lua_"))
    assert.equal("0", pipe:read "l")
    pipe:close()
  end)
end)
