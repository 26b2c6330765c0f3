-- The adapter for drivers that score CSV readers: what it answers, line by line.

local files = require "spec.support.files"

local folder

setup(function()
  folder = files.new_folder()
end)

teardown(function()
  files.remove_folder(folder)
end)

-- The answers of the adapter to one request a file.
local function answers(texts)
  local requests = {}
  for i, text in ipairs(texts) do
    local path = files.write(("%s/%d.csv"):format(folder, i), text)
    requests[i] = ('{"file": "%s", "params": {"delimiter": ",", "quotechar": "\\"", "escapechar": "\\""}}\n'):format(path)
  end
  files.write(folder .. "/requests", table.concat(requests))
  local pipe = assert(io.popen(("./spec/support/conformance < %s/requests"):format(folder)))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

describe("the adapter", function()
  it("gives rows as long as they are in the file, and what was wrong with them", function()
    assert.same({
      '{"rows":[["a","b"],["1","x\\u0022y"]],"problems":[]}',
      '{"rows":[["a","b"],["1","2","3","4"],["5","6"]],"problems":[{"line":2,"what":"row has too many fields"}]}',
      '{"rows":[["a","b","c"],["x\\u000ay","2","3"],["4","5"],["6","",""]],"problems":'
        .. '[{"line":4,"what":"blank line skipped"},{"line":5,"what":"row has too few fields"}]}',
      '{"rows":[]}',
      '{"error":"a quote is opened here and never closed: close it, or read with reader = \\u0022lax\\u0022, which goes on and reports it, or '
        .. 'with quote = false, to which quotes are characters like others"}',
    }, answers {
      'a,b\n1,"x""y"\n',
      "a,b\n1,2,3,4\n5,6\n",
      'a,b,c\n"x\ny",2,3\n\n4,5\n6,,\n',
      "",
      'a,b\n1,"2\n',
    })
  end)
end)
