-- Ctrl-C while the engine waits for a pipe that says nothing: the call ends with Lua's own error, and work goes on.

local files = require "spec.support.files"
local lfs = require "lfs"

local script = [[
local tally = require "tally"
print(pcall(tally.read_csv, "pipe"))
print(#tally.read_csv { text = "a\n1\n" })
]]

-- Runs the script in the folder of the pipe; an interrupt comes when it has had time to wait. One: in the foreground, timeout tells
-- the script alone and not its group, too.
local run = [[
cd "$1" && mkfifo pipe || exit
sleep 30 > pipe &
timeout --foreground -s INT 1 lua5.4 script.lua 2>&1
kill $!
]]

describe("an interrupt", function()
  it("ends a call of the engine and leaves nothing behind", function()
    local folder, here = files.new_folder(), lfs.currentdir()
    files.write(folder .. "/script.lua", script)
    files.write(folder .. "/run", run)
    local paths = ("LUA_PATH_5_4='%s/lua/?.lua;;' LUA_CPATH_5_4='%s/%s/?.so;;'"):format(here, here,
      os.getenv "TALLY_BUILD" or "build")
    local pipe = assert(io.popen(paths .. " sh " .. folder .. "/run " .. folder))
    local output = pipe:read "a"
    pipe:close()
    files.remove_folder(folder)
    assert.equal("false\tinterrupted!\n1\n", output)
  end)
end)
