/**
 * The part of the claim script that keeps limits. A lane is a key under a limit: a bucket of tokens where it has a rate, and the leases that
 * it holds. What it has no room for is parked, out of the line, and `lanes` says when to look again.
 */
export const LANES = /* lua */ `
local function bucketTokens(name, limit)
  local kept = call("HMGET", base .. "bucket:" .. name, "tokens", "filled")
  if not kept[1] then return limit.burst end
  return math.min(limit.burst, kept[1] + math.max(0, now - kept[2]) / 1000 * limit.perSecond)
end

local function roomIn(lane)
  return math.min(lane.free, lane.tokens and math.floor(lane.tokens) or math.huge)
end

local function newLane(name, limit, leases)
  local lane = { bucket = name, limit = limit, leases = leases, free = math.huge, taken = 0 }
  if limit.perSecond then lane.tokens = bucketTokens(name, limit) end
  if limit.atOnce then lane.free = limit.atOnce - call("ZCARD", leases) end
  lane.room = roomIn(lane)
  return lane
end

local all
local lanes = {}

-- False for a key without a limit.
local function laneOf(key)
  if lanes[key] == nil then
    local limit = limits.keys[key] or limits.each
    local held = base .. "held:" .. key
    if limit then call("ZREMRANGEBYSCORE", held, "-inf", text(now)) end
    lanes[key] = limit and newLane("=" .. key, limit, held) or false
  end
  return lanes[key]
end

-- Below no token there may be a debt: what was heavy is paid for by those after it.
local function take(lane, weight)
  lane.free = lane.free - 1
  lane.taken = lane.taken + 1
  if lane.tokens then lane.tokens = lane.tokens - weight end
  lane.room = roomIn(lane)
end

-- When there may be room again.
local function opens(lane)
  if lane.tokens and lane.tokens < 1 then return now + (1 - lane.tokens) / lane.limit.perSecond * 1000 end
  local first = call("ZRANGE", lane.leases, 0, 0, "WITHSCORES")
  return first[2] and tonumber(first[2]) or now
end

local function save(lane)
  if lane.taken == 0 or not lane.tokens then return end
  local bucket = base .. "bucket:" .. lane.bucket
  call("HSET", bucket, "tokens", text(lane.tokens), "filled", text(now))
  -- A bucket that is full again is as good as none.
  call("PEXPIRE", bucket, math.ceil((lane.limit.burst - lane.tokens) / lane.limit.perSecond * 1000) + 1)
end

local function park(id, place, key)
  call("ZADD", base .. "parked:" .. key, place, id)
  call("ZADD", base .. "lanes", text(opens(laneOf(key))), key)
end

-- What there is room for by now stands in line again, each at its old place.
local function unparkLane(key, atMost)
  local lane = laneOf(key)
  local room = lane and math.min(lane.room, atMost) or atMost
  if room <= 0 then return call("ZADD", base .. "lanes", text(opens(lane)), key) end
  local parked = call("ZPOPMIN", base .. "parked:" .. key, room)
  for index = 1, #parked, 2 do call("ZADD", base .. "prioritized", parked[index + 1], parked[index]) end
  if #parked / 2 < room then return call("ZREM", base .. "lanes", key) end
  call("ZADD", base .. "lanes", text(now), key)
end

local function unpark()
  if limits.keyed then
    for _, key in ipairs(call("ZRANGEBYSCORE", base .. "lanes", "-inf", text(now), "LIMIT", 0, most)) do unparkLane(key, most) end
  else
    for _, key in ipairs(call("ZRANGE", base .. "lanes", 0, 99)) do unparkLane(key, MOST_MOVED) end
  end
end
`;
