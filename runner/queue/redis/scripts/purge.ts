/** KEYS: meta. ARGV: what, and how many at most. Gives how many were taken away, in a list: fewer than asked for when nothing is left. */
export const PURGE = /* lua */ `
local left = tonumber(ARGV[2])
local SETS = { waiting = { "prioritized", "delayed" }, dead = { "failed" }, done = { "completed" } }
local purged = 0

local function remove(id)
  removed(base, id)
  left = left - 1
  purged = purged + 1
end

local function empty(set)
  local gone = left > 0 and call("ZPOPMIN", set, left) or {}
  for index = 1, #gone, 2 do remove(gone[index]) end
end

for _, set in ipairs(SETS[ARGV[1]]) do empty(base .. set) end
if ARGV[1] == "waiting" then
  while left > 0 do
    local id = call("RPOP", base .. "wait")
    if not id then break end
    remove(id)
  end
  while left > 0 do
    local key = call("ZRANGE", base .. "lanes", 0, 0)[1]
    if not key then break end
    empty(base .. "parked:" .. key)
    if call("EXISTS", base .. "parked:" .. key) == 0 then call("ZREM", base .. "lanes", key) end
  end
end
return { purged }
`;
