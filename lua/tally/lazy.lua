--- A module that loads when something of it is first used: what a short script does not use costs it nothing.
-- @module tally.lazy

--- Stands for a module.
-- @tparam string name
-- @treturn table
return function(name)
  return setmetatable({}, { __index = function(_, key) return require(name)[key] end })
end
