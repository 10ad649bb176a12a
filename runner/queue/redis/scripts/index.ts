import { LIMITERS } from "./limiters.js";
import { SHARED } from "./shared.js";
import { LOG_SCRIPTS } from "./shared-log.js";
import { START } from "./start.js";

/** ARGV: limits. Returns how many jobs the limit of all allows to start now, and how long until it allows one. */
const ROOM = /* lua */ `
local limits = cjson.decode(ARGV[1])
${LIMITERS}
local all = newLimiter("all", limits.all, base .. "leases")
return { math.max(0, math.min(all.room, 1000000)), all.room < 1 and waitFor(all, 0) or 0 }
`;

/** ARGV: leaseMs, then id and "=key" or "" of each. Renews only leases that count against a limit. */
const EXTEND = /* lua */ `
local expires = text(now + tonumber(ARGV[1]))
for first = 2, #ARGV, 2 do
  call("ZADD", base .. "leases", "XX", expires, ARGV[first])
  if ARGV[first + 1] ~= "" then call("ZADD", base .. "leases:" .. string.sub(ARGV[first + 1], 2), "XX", expires, ARGV[first]) end
end
return {}
`;

/**
 * ARGV: how long the fields of a finished job are kept, then for each job: id, "=key" or "", outcome, failure. Runs before BullMQ moves the job, so
 * that the next holder finds its state. The fields of a finished job only get an expiry: if the move fails, the job runs again with its state.
 * Returns the held jobs of the same keys that may be promoted, one for each lease that ends.
 */
const SETTLE = /* lua */ `
local settle = {}
function settle.done(job) call("PEXPIRE", job, ARGV[1]) end
function settle.retry(job, failure) call("HSET", job, "failure", failure) end
function settle.release(job) call("HINCRBY", job, "attempt", -1) end
function settle.later(job)
  call("HINCRBY", job, "attempt", -1)
  call("HSET", job, "part", (call("HGET", job, "part") or 1) + 1)
end
-- A retry, also from one of BullMQ's tools, starts with all attempts.
function settle.dead(job, failure) call("HSET", job, "death", failure, "attempts", call("HGET", job, "attempt") or 0, "attempt", 0) end

local ends, keys = {}, {}
for first = 2, #ARGV, 4 do
  local id, key = ARGV[first], ARGV[first + 1]
  endLease(id, key)
  settle[ARGV[first + 2]](base .. "job:" .. id, ARGV[first + 3])
  if key ~= "" then
    if not ends[key] then keys[#keys + 1] = key end
    ends[key] = (ends[key] or 0) + 1
  end
end
local promoted = {}
for _, key in ipairs(keys) do
  for _, id in ipairs(call("ZRANGE", base .. "held:" .. string.sub(key, 2), 0, ends[key] - 1)) do promoted[#promoted + 1] = id end
end
return promoted
`;

/** ARGV: id and text of each. */
const SAVE_STATE = /* lua */ `
for first = 1, #ARGV, 2 do call("HSET", base .. "job:" .. ARGV[first], "state", ARGV[first + 1]) end
return {}
`;

/** ARGV: ids of jobs that no longer exist. Returns the held jobs that come next after those of them that were held. */
const FORGET = /* lua */ `
local nextHeld = {}
for _, id in ipairs(ARGV) do
  local key = call("HGET", base .. "held", id)
  noLongerHeld(id)
  call("DEL", base .. "job:" .. id)
  if key then nextHeld[#nextHeld + 1] = call("ZRANGE", base .. "held:" .. key, 0, 0)[1] end
end
return nextHeld
`;

/** ARGV: a number. Returns up to that many ids of held jobs. */
const HELD = /* lua */ `
local ids = call("HKEYS", base .. "held")
return { unpack(ids, 1, math.min(#ids, tonumber(ARGV[1]))) }
`;

/** ARGV: ids of dead jobs. Returns the failure and the attempts of each. */
const DEATHS = /* lua */ `
local answers = {}
for _, id in ipairs(ARGV) do
  local death, attempts = unpack(call("HMGET", base .. "job:" .. id, "death", "attempts"))
  answers[#answers + 1] = death or ""
  answers[#answers + 1] = attempts or ""
end
return answers
`;

const HELD_COUNT = /* lua */ `return { call("HLEN", base .. "held") }`;

export const SCRIPTS = {
  room: SHARED + ROOM,
  start: SHARED + START,
  extend: SHARED + EXTEND,
  settle: SHARED + SETTLE,
  saveState: SHARED + SAVE_STATE,
  forget: SHARED + FORGET,
  held: SHARED + HELD,
  heldCount: SHARED + HELD_COUNT,
  deaths: SHARED + DEATHS,
  logAppend: SHARED + LOG_SCRIPTS.logAppend,
  logRead: SHARED + LOG_SCRIPTS.logRead,
  logOwner: SHARED + LOG_SCRIPTS.logOwner,
  statesSave: SHARED + LOG_SCRIPTS.statesSave,
  statesLoad: SHARED + LOG_SCRIPTS.statesLoad,
  senderHold: SHARED + LOG_SCRIPTS.senderHold,
  takenAdd: SHARED + LOG_SCRIPTS.takenAdd,
  takenHas: SHARED + LOG_SCRIPTS.takenHas,
} as const;

export type ScriptName = keyof typeof SCRIPTS;
