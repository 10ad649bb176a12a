/**
 * Begins every script. Keys are BullMQ's (https://docs.bullmq.io, "Queue"), under the base that comes with KEYS[1], the queue's `meta`;
 * ours beside them are leases, held:KEY, parked:KEY, lanes and bucket:KEY. All of one queue, and of both channels, have one hash tag
 * in their names: in a cluster they lie on one node. The time is the server's, the same for all.
 */
export const SHARED = /* lua */ `
local base = string.sub(KEYS[1], 1, -5)
local call = redis.call
local time = call("TIME")
local now = time[1] * 1000 + time[2] / 1000
local at = math.floor(now)

local function text(number)
  return string.format("%.17g", number)
end

-- A lower score goes first: BullMQ's priority, then the order in which they came.
local function score(base, priority)
  return priority * 0x100000000 + call("INCR", base .. "pc") % 0x100000000
end

-- What BullMQ's workers and ours wait for: "0" says that something is due, "1" when something will be.
local function wake(base)
  if call("HEXISTS", base .. "meta", "paused") == 0 then call("ZADD", base .. "marker", 0, "0") end
end

local function delay(base, id, ms)
  local due = math.ceil(now + ms)
  local last = call("ZREVRANGEBYSCORE", base .. "delayed", due * 0x1000 + 0xfff, due * 0x1000, "WITHSCORES", "LIMIT", 0, 1)
  local place = last[2] and math.min(last[2] + 1, due * 0x1000 + 0xfff) or due * 0x1000
  call("ZADD", base .. "delayed", text(place), id)
  call("ZADD", base .. "marker", at, "1")
end

local function removed(base, id)
  return call("DEL", base .. id, base .. id .. ":lock", base .. id .. ":logs")
end

-- True when it was stored. The same push may come twice, when the connection broke before its answer: "by" tells it from others.
local function store(base, retention, by, id, data, key, priority, ms)
  local job = base .. id
  if call("EXISTS", job) == 1 then
    if call("HGET", job, "by") == by then return true end
    local finished = call("ZSCORE", base .. "completed", id)
    if not finished or tonumber(finished) > now - retention then return false end
    removed(base, id)
    call("ZREM", base .. "completed", id)
  end
  call("HSET", job, "name", "message", "data", data, "opts", "{}", "timestamp", at, "delay", ms, "priority", priority, "by", by)
  if key ~= "" then call("HSET", job, "key", key) end
  if tonumber(ms) > 0 then
    delay(base, id, ms)
  else
    call("ZADD", base .. "prioritized", text(score(base, priority)), id)
  end
  return true
end

-- Its key has room for another one.
local function open(base, key)
  if call("ZSCORE", base .. "lanes", key) then
    call("ZADD", base .. "lanes", text(now), key)
    wake(base)
  end
end

-- Gives its key where it had one.
local function endLease(base, id, key)
  call("ZREM", base .. "leases", id)
  call("HDEL", base .. id, "lease")
  if not key then return end
  call("ZREM", base .. "held:" .. key, id)
  open(base, key)
end
`;
