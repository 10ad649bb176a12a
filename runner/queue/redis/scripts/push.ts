/** KEYS: meta. ARGV: retention, the push's own name, then id, data, "=key" or "", priority, delay and weight of each. Gives 1 for what was stored. */
export const PUSH = /* lua */ `
local answers = {}
for first = 3, #ARGV, 6 do
  local by = ARGV[2] .. ":" .. first
  local stored = store(base, tonumber(ARGV[1]), by, ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3], ARGV[first + 4])
  if stored and ARGV[first + 5] ~= "1" then call("HSET", base .. ARGV[first], "weight", ARGV[first + 5]) end
  answers[#answers + 1] = stored and 1 or 0
end
wake(base)
return answers
`;
