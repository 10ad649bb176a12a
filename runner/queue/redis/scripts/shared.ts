/**
 * Begins every script. The scripts use our own keys only, all of which begin with KEYS[1], and none of BullMQ's. All keys of a queue have one hash
 * tag, so a cluster keeps them on one node. The time is the server's, the same for every process.
 *
 * - job:ID: attempt, failure, state and part of a message; `order`, its position among the held jobs of its key
 * - leases, leases:KEY: what counts against a limit of simultaneous jobs, by the end of its lease
 * - bucket:all, bucket:=KEY: token buckets
 * - held, held:KEY: jobs that a limit of their key delays: ID to KEY, and their order
 */
export const SHARED = /* lua */ `
local base = KEYS[1]
local call = redis.call
local time = call("TIME")
local now = time[1] * 1000 + time[2] / 1000

local function text(number)
  return string.format("%.17g", number)
end

local function noLongerHeld(id)
  local key = call("HGET", base .. "held", id)
  if not key then return end
  call("HDEL", base .. "held", id)
  call("ZREM", base .. "held:" .. key, id)
end

local function endLease(id, key)
  call("ZREM", base .. "leases", id)
  if key ~= "" then call("ZREM", base .. "leases:" .. string.sub(key, 2), id) end
end
`;
