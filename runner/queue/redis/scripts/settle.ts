/**
 * KEYS: meta, meta of the results (or again its own). ARGV: retention, the call's own name, then of each settlement: id, lease,
 * outcome, a number (milliseconds, or the place in the line), failure, its words, and id, data, "=key" and priority of the result.
 * Gives 1 for what was stored. A result is stored with the end of its job, or neither is.
 */
export const SETTLE = /* lua */ `
local results = string.sub(KEYS[2], 1, -5)
local retention, name = tonumber(ARGV[1]), ARGV[2]
local COLUMNS = 10

local function storeResult(first)
  if ARGV[first + 6] == "" then return end
  store(results, retention, name .. ":" .. first, ARGV[first + 6], ARGV[first + 7], ARGV[first + 8], ARGV[first + 9], 0)
end

local finish = {}

-- A hash that held a body stays as large as it was: what BullMQ wants to know is written into a new one, a third of the size.
function finish.done(id, job, first)
  local kept = call("HMGET", job, "name", "timestamp", "priority", "ats", "atm")
  call("DEL", job)
  call("HSET", job, "name", kept[1] or "message", "data", "null", "opts", "{}", "timestamp", kept[2] or at, "delay", 0, "priority", kept[3] or 0,
    "ats", kept[4] or 1, "atm", (kept[5] or 0) + 1, "returnvalue", "null", "finishedOn", at, "settled", name .. ":" .. first)
  call("ZADD", base .. "completed", at, id)
  storeResult(first)
end

function finish.later(id, job, first)
  call("HINCRBY", job, "ats", -1)
  call("HDEL", job, "failure", "failedReason")
  call("HSET", job, "part", (call("HGET", job, "part") or 1) + 1, "delay", ARGV[first + 3])
  delay(base, id, ARGV[first + 3])
  storeResult(first)
end

function finish.retry(id, job, first)
  call("HINCRBY", job, "atm", 1)
  call("HSET", job, "failure", ARGV[first + 4], "failedReason", ARGV[first + 5], "delay", ARGV[first + 3])
  delay(base, id, ARGV[first + 3])
end

function finish.release(id, job, first)
  call("HINCRBY", job, "ats", -1)
  call("ZADD", base .. "prioritized", ARGV[first + 3], id)
end

function finish.dead(id, job, first)
  call("HINCRBY", job, "atm", 1)
  call("HSET", job, "failure", ARGV[first + 4], "failedReason", ARGV[first + 5], "finishedOn", at)
  call("ZADD", base .. "failed", at, id)
end

local function settle(first)
  local id, lease, outcome = ARGV[first], ARGV[first + 1], ARGV[first + 2]
  local job = base .. id
  local kept = call("HMGET", job, "lease", "key", "settled")
  -- The same call may come twice, when the connection broke before its answer.
  if kept[3] == name .. ":" .. first then return 1 end
  if kept[1] ~= lease then return 0 end
  call("DEL", job .. ":lock")
  call("SREM", base .. "stalled", id)
  call("LREM", base .. "active", -1, id)
  endLease(base, id, kept[2] and string.sub(kept[2], 2))
  call("HSET", job, "settled", name .. ":" .. first)
  finish[outcome](id, job, first)
  return 1
end

local answers = {}
for first = 3, #ARGV, COLUMNS do answers[#answers + 1] = settle(first) end

-- Ids that may be forgotten: more than are added, so that they become fewer.
for _, id in ipairs(call("ZRANGEBYSCORE", base .. "completed", "-inf", text(now - retention), "LIMIT", 0, 100 + 2 * #answers)) do
  removed(base, id)
  call("ZREM", base .. "completed", id)
end
if call("ZCARD", base .. "prioritized") > 0 then wake(base) end
if results ~= base then wake(results) end
return answers
`;
