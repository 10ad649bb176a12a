/** KEYS: meta. ARGV: retention. Gives waiting, delayed, leased, dead, done, and 1 when it is paused. */
export const COUNTS = /* lua */ `
local later = "(" .. text(at * 0x1000 + 0xfff)
local parked = 0
for _, key in ipairs(call("ZRANGE", base .. "lanes", 0, -1)) do parked = parked + call("ZCARD", base .. "parked:" .. key) end
local delayed = call("ZCOUNT", base .. "delayed", later, "+inf")
local due = call("ZCARD", base .. "delayed") - delayed
local leased = call("ZCOUNT", base .. "leases", "(" .. text(now), "+inf")
local expired = call("ZCARD", base .. "leases") - leased
-- Leases of BullMQ's own workers.
local foreign = math.max(0, call("LLEN", base .. "active") - leased - expired)
return {
  call("LLEN", base .. "wait") + call("ZCARD", base .. "prioritized") + parked + due + expired,
  delayed,
  leased + foreign,
  call("ZCARD", base .. "failed"),
  call("ZCOUNT", base .. "completed", "(" .. text(now - tonumber(ARGV[1])), "+inf"),
  call("HEXISTS", KEYS[1], "paused"),
}
`;
