--- Files for the specs: reading and writing whole ones, a folder that is thrown away, the published files where they are there.

local lfs = require "lfs"

local M = {}

--- Where the published files lie, which are not part of the project.
M.published = os.getenv "TALLY_DATA" or "../shared/data"

function M.read(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

--- Writes a file and gives its path back.
function M.write(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  return path
end

function M.exists(path)
  return lfs.attributes(path, "mode") ~= nil
end

--- `it` where the published file `name` is there, else `pending`, which has the test counted as skipped.
function M.it_with(it, pending, name)
  return M.exists(M.published .. "/" .. name) and it or function(what) pending(what) end
end

--- The paths of all files below a folder, sorted, hidden ones left out.
function M.under(folder, found)
  found = found or {}
  for name in lfs.dir(folder) do
    local path = folder .. "/" .. name
    if name:sub(1, 1) ~= "." then
      if lfs.attributes(path, "mode") == "directory" then
        M.under(path, found)
      else
        found[#found + 1] = path
      end
    end
  end
  table.sort(found)
  return found
end

--- A new empty folder.
function M.new_folder()
  local path = os.tmpname()
  os.remove(path)
  assert(lfs.mkdir(path))
  return path
end

--- Removes a folder and all that is in it.
function M.remove_folder(folder)
  for name in lfs.dir(folder) do
    local path = folder .. "/" .. name
    if name ~= "." and name ~= ".." then
      if lfs.attributes(path, "mode") == "directory" then
        M.remove_folder(path)
      else
        os.remove(path)
      end
    end
  end
  assert(lfs.rmdir(folder))
end

--- The text of the error that a call raises, which must be tally's own.
function M.error_text(action, ...)
  local ok, err = pcall(action, ...)
  assert(not ok, "no error was raised")
  assert(type(err) == "table" and type(err.kind) == "string", tostring(err))
  return err:text()
end

--- The same, with FOLDER for the path of a folder in it.
function M.message(action, folder)
  return (M.error_text(action):gsub(folder:gsub("%p", "%%%0"), "FOLDER"))
end

return M
