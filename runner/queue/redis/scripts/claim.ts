import { LANES } from "./lanes.js";

/**
 * KEYS: meta. ARGV: the lease's name, most, leaseMs, limits. Gives how many milliseconds from now something may be due that is not yet
 * (-1: nothing is expected), and then of each message that was claimed its id, data, "=key", attempt, failure, place in the line, what it kept, and its part.
 */
export const CLAIM = /* lua */ `
local lease, most, leaseMs, limits = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), cjson.decode(ARGV[4])
-- How many one claim moves or passes by, so that no script keeps the server for long: the next claim goes on.
local MOST_MOVED = 1000

if call("HEXISTS", KEYS[1], "paused") == 1 then return { -1 } end

local function toLine(id, place)
  call("ZADD", base .. "prioritized", text(place), id)
end

local function priorityOf(id)
  return tonumber(call("HGET", base .. id, "priority") or 0)
end

local function promoteDelayed()
  local due = call("ZRANGEBYSCORE", base .. "delayed", 0, at * 0x1000 + 0xfff, "LIMIT", 0, MOST_MOVED)
  for _, id in ipairs(due) do
    call("ZREM", base .. "delayed", id)
    call("HSET", base .. id, "delay", 0)
    toLine(id, score(base, priorityOf(id)))
  end
end

-- BullMQ's lock says whether somebody holds it: one of BullMQ's own workers may have taken it over.
local function takeBack(id)
  local lives = call("PTTL", base .. id .. ":lock")
  if lives > 0 then return call("ZADD", base .. "leases", text(now + lives), id) end
  local key = call("HGET", base .. id, "key")
  endLease(base, id, key and string.sub(key, 2))
  if call("LREM", base .. "active", -1, id) == 0 or call("EXISTS", base .. id) == 0 then return end
  call("HDEL", base .. id, "failure", "failedReason")
  call("HINCRBY", base .. id, "stc", 1)
  toLine(id, priorityOf(id) * 0x100000000)
end

local function endLeases()
  for _, id in ipairs(call("ZRANGEBYSCORE", base .. "leases", "-inf", text(now), "LIMIT", 0, MOST_MOVED)) do takeBack(id) end
end

-- Where BullMQ keeps what has no priority, which goes first: jobs that others put there with it.
local function takeFromWait()
  for _ = 1, MOST_MOVED do
    local id = call("RPOP", base .. "wait")
    if not id then return end
    toLine(id, score(base, 0))
  end
end

${LANES}
local reply = { -1 }

local function claim(id, place, data, key, failure, kept, part)
  local until_ = text(now + leaseMs)
  call("SET", base .. id .. ":lock", lease, "PX", leaseMs)
  call("LPUSH", base .. "active", id)
  call("ZADD", base .. "leases", until_, id)
  call("HSET", base .. id, "lease", lease, "processedOn", at)
  local attempt = call("HINCRBY", base .. id, "ats", 1)
  if key then call("ZADD", base .. "held:" .. string.sub(key, 2), until_, id) end
  for _, value in ipairs({ id, data, key or "", attempt, failure or "", place, kept, part or 1 }) do reply[#reply + 1] = value end
end

-- Gives how many were claimed.
local function offer(id, place)
  local data, key, failure, kept, part, weight = unpack(call("HMGET", base .. id, "data", "key", "failure", "kept", "part", "weight"))
  -- Taken away by one of BullMQ's tools.
  if not data then return 0 end
  local name = key and string.sub(key, 2)
  local lane = limits.keyed and name and laneOf(name)
  if lane and lane.room < 1 then
    park(id, place, name)
    return 0
  end
  if lane then take(lane, weight or 1) end
  if all then take(all, weight or 1) end
  claim(id, place, data, key, failure, kept, part)
  return 1
end

local function isFull()
  return all and all.room < 1
end

local function walk()
  local claimed, passed = 0, 0
  while claimed < most and passed < MOST_MOVED and not isFull() do
    local line = call("ZPOPMIN", base .. "prioritized", math.min(most - claimed, all and all.room or most, MOST_MOVED - passed))
    if #line == 0 then return end
    for index = 1, #line, 2 do
      -- Something heavy before it has taken all tokens.
      if isFull() then
        toLine(line[index], line[index + 1])
      else
        local taken = offer(line[index], line[index + 1])
        claimed = claimed + taken
        passed = passed + 1 - taken
      end
    end
  end
end

promoteDelayed()
endLeases()
takeFromWait()
-- After the leases that have ended are no longer counted.
all = limits.all and newLane("all", limits.all, base .. "leases")
if not isFull() then
  unpark()
  walk()
end
if all then save(all) end
for _, lane in pairs(lanes) do
  if lane then save(lane) end
end

local due = math.huge
local function expect(key, unit)
  local first = call("ZRANGE", base .. key, 0, 0, "WITHSCORES")
  if first[2] then due = math.min(due, first[2] / unit) end
end
expect("delayed", 0x1000)
expect("leases", 1)
expect("lanes", 1)
if all and all.room < 1 then
  -- Whatever is due has to wait for this.
  due = math.max(opens(all), now + 1)
elseif call("ZCARD", base .. "prioritized") > 0 then
  due = now
  wake(base)
end
if due < math.huge then reply[1] = math.max(0, math.ceil(due - now)) end
return reply
`;
