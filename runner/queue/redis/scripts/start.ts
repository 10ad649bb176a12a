import { LIMITERS } from "./limiters.js";

/**
 * ARGV: leaseMs, limits, then for each fetched job: id, "=key" or "", weight, priority, and 1 if BullMQ starts it for the first time. Returns for
 * each job { 1, attempt, failure, state, part } if it may run, { 0, ms } if a limit of its key delays it, { -1, ms } if the limit of all does; and
 * last, the held jobs that may be promoted.
 */
export const START = /* lua */ `
local leaseMs, limits = tonumber(ARGV[1]), cjson.decode(ARGV[2])
${LIMITERS}
local all = limits.all and newLimiter("all", limits.all, base .. "leases")

local function orderOf(id, priority)
  local order = tonumber(call("HGET", base .. "job:" .. id, "order"))
  return order or priority * 0x100000000 + call("INCR", base .. "order") % 0x100000000
end

local function hold(id, key, order, ms)
  call("ZADD", base .. "held:" .. key, text(order), id)
  call("HSET", base .. "held", id, key)
  call("HSET", base .. "job:" .. id, "order", text(order))
  return { 0, ms }
end

local function run(id)
  local job = base .. "job:" .. id
  call("PERSIST", job)
  local attempt = call("HINCRBY", job, "attempt", 1)
  local failure, state, part = unpack(call("HMGET", job, "failure", "state", "part"))
  call("HDEL", job, "failure", "order")
  return { 1, attempt, failure or "", state, tonumber(part or 1) }
end

local function start(id, keyField, weight, priority, isFirst)
  -- Fields of an earlier message with this id, which was removed by one of BullMQ's tools.
  if isFirst and not call("HGET", base .. "held", id) then call("DEL", base .. "job:" .. id) end
  if all and all.room < 1 then return { -1, waitFor(all, 0) } end
  local key = string.sub(keyField, 2)
  local limiter = limits.keyed and keyField ~= "" and limiterOf(key)
  if limiter then
    local order = orderOf(id, priority)
    local before = call("ZCOUNT", base .. "held:" .. key, "-inf", "(" .. text(order))
    if before >= limiter.room then return hold(id, key, order, waitFor(limiter, before)) end
    take(limiter, id, weight, now + leaseMs)
  end
  noLongerHeld(id)
  if all then take(all, id, weight, now + leaseMs) end
  return run(id)
end

local answers = {}
for first = 3, #ARGV, 5 do
  answers[#answers + 1] = start(ARGV[first], ARGV[first + 1], tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3]), ARGV[first + 4] == "1")
end

local promoted = {}
for key, limiter in pairs(limiters) do
  if limiter and limiter.room > 0 then
    for _, id in ipairs(call("ZRANGE", base .. "held:" .. key, 0, math.min(limiter.room, 100) - 1)) do promoted[#promoted + 1] = id end
  end
  if limiter then save(limiter) end
end
if all then save(all) end
answers[#answers + 1] = promoted
return answers
`;
