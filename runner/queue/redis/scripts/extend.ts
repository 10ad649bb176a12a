/** KEYS: meta. ARGV: leaseMs, then id and lease of each. Gives 1 for what is held still, or is free and is held again. */
export const EXTEND = /* lua */ `
local leaseMs = tonumber(ARGV[1])
local answers = {}
for first = 2, #ARGV, 2 do
  local id, lease = ARGV[first], ARGV[first + 1]
  local kept = call("HMGET", base .. id, "lease", "key")
  local held = kept[1] == lease and 1 or 0
  answers[#answers + 1] = held
  if held == 1 then
    call("SET", base .. id .. ":lock", lease, "PX", leaseMs)
    call("SREM", base .. "stalled", id)
    call("ZADD", base .. "leases", text(now + leaseMs), id)
    if kept[2] then call("ZADD", base .. "held:" .. string.sub(kept[2], 2), text(now + leaseMs), id) end
  end
end
return answers
`;
