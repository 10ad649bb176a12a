/** KEYS: meta. ARGV: retention, the push's own name, then id, data, "=key" or "", priority and delay of each. Gives 1 for what was stored. */
export const PUSH = /* lua */ `
local answers = {}
for first = 3, #ARGV, 5 do
  local by = ARGV[2] .. ":" .. first
  local stored = store(base, tonumber(ARGV[1]), by, ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3], ARGV[first + 4])
  answers[#answers + 1] = stored and 1 or 0
end
wake(base)
return answers
`;
