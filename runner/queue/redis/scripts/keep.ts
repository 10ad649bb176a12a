/**
 * KEYS: meta. ARGV: id, lease and text of each. Gives 1 for what was stored. The text is a field of the job, so it goes with the job; a call that
 * comes twice stores the same again.
 */
export const KEEP = /* lua */ `
local answers = {}
for first = 1, #ARGV, 3 do
  local job = base .. ARGV[first]
  local isHeld = call("HGET", job, "lease") == ARGV[first + 1]
  if isHeld then call("HSET", job, "kept", ARGV[first + 2]) end
  answers[#answers + 1] = isHeld and 1 or 0
end
return answers
`;
