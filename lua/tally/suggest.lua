--- The name that was probably meant.
-- @module tally.suggest

local M = {}

--- The number of letters to insert, delete, replace or swap with a neighbour to turn one text into the other.
-- @tparam string a
-- @tparam string b
-- @treturn number
function M.distance(a, b)
  local before, last, row = nil, {}, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
      if before and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, last = last, row
  end
  return last[#b]
end

--- The nearest of some names, when it is near enough to have been meant.
-- Upper and lower case count as the same letter, but an exact match in case wins.
-- @tparam string name what was written
-- @tparam {string,...} names what there is
-- @treturn string|nil
function M.nearest(name, names)
  local limit = math.max(1, math.floor(#name / 3))
  local best, least
  if #name > 100 then return nil end
  for _, candidate in ipairs(names) do
    if math.abs(#candidate - #name) <= limit then
      local distance = M.distance(name:lower(), candidate:lower())
      if distance <= limit and (not least or distance < least) then
        best, least = candidate, distance
      end
    end
  end
  return best
end

--- "; did you mean 'level'?", or nothing.
-- @tparam string name what was written
-- @tparam {string,...} names what there is
-- @treturn string
function M.hint(name, names)
  local nearest = M.nearest(name, names)
  return nearest and ("; did you mean '%s'?"):format(nearest) or ""
end

return M
