/**
 * What several processes agree on, beside the queue: `log`, a stream that all of them read in one order; `marks`, where its stretches of time begin;
 * `kept`, the place up to which it was cut; `states` and `at`, the newest value of each name and its place; `sender:NAME`, who sends at the moment;
 * `taken:NAME`, what was taken, by the time.
 *
 * Ids of a stream only grow: after the clock was set back they are ahead of it. So an entry has its time beside its id, and the log is not cut by ids.
 */
const LOG_APPEND = /* lua */ `
local at = string.format("%.0f", math.floor(now))
local id
for index = 3, #ARGV do id = call("XADD", base .. "log", "*", "e", ARGV[index], "t", at) end
local mark = call("LINDEX", base .. "marks", -1)
if id and (not mark or math.abs(now - tonumber(string.match(mark, "^%d+"))) >= tonumber(ARGV[1])) then
  call("RPUSH", base .. "marks", at .. " " .. id)
  while call("LLEN", base .. "marks") > tonumber(ARGV[2]) do
    local cut = string.match(call("LPOP", base .. "marks"), " (.*)")
    call("XTRIM", base .. "log", "MINID", "~", cut)
    call("SET", base .. "kept", cut)
  end
end
return {}
`;

/** ARGV: an id or "", a number. Returns from where entries are kept, the newest id, then id, time and text of what comes after the given one. */
const LOG_READ = /* lua */ `
local newest = call("XREVRANGE", base .. "log", "+", "-", "COUNT", 1)[1]
local answer = { call("GET", base .. "kept") or "0-0", newest and newest[1] or "0-0" }
for _, entry in ipairs(call("XRANGE", base .. "log", ARGV[1] == "" and "-" or "(" .. ARGV[1], "+", "COUNT", ARGV[2])) do
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = entry[2][4] or string.match(entry[1], "^%d+")
  answer[#answer + 1] = entry[2][2]
end
return answer
`;

/** ARGV: name, place and value of each. A place is an epoch and a time. One that is older than the stored one changes nothing. */
const STATES_SAVE = /* lua */ `
local function isOlder(one, two)
  local a, b = { string.match(one, "^(%d+)-(%d+) (.+)$") }, { string.match(two, "^(%d+)-(%d+) (.+)$") }
  for part = 1, 3 do
    local x, y = tonumber(a[part]) or 0, tonumber(b[part]) or 0
    if x ~= y then return x < y end
  end
  return false
end
for first = 1, #ARGV, 3 do
  local stored = call("HGET", base .. "at", ARGV[first])
  if not stored or not isOlder(ARGV[first + 1], stored) then
    call("HSET", base .. "at", ARGV[first], ARGV[first + 1])
    call("HSET", base .. "states", ARGV[first], ARGV[first + 2])
  end
end
return {}
`;

const STATES_LOAD = /* lua */ `return call("HGETALL", base .. "states")`;

/** ARGV: the owner. Returns the owner that the log has: the first one. */
const LOG_OWNER = /* lua */ `
call("SETNX", base .. "owner", ARGV[1])
return { call("GET", base .. "owner") }
`;

/** ARGV: a name, a holder, milliseconds. Returns 1 if the name is the holder's from now on. One that has longer than that is from before the clock was set back. */
const SENDER_HOLD = /* lua */ `
local key = base .. "sender:" .. ARGV[1]
local holder = call("GET", key)
if holder and holder ~= ARGV[2] and call("PTTL", key) <= tonumber(ARGV[3]) then return { 0 } end
call("SET", key, ARGV[2], "PX", ARGV[3])
return { 1 }
`;

/** ARGV: a name, how long ids are kept, ids. */
const TAKEN_ADD = /* lua */ `
local key = base .. "taken:" .. ARGV[1]
for index = 3, #ARGV do call("ZADD", key, text(now), ARGV[index]) end
call("ZREMRANGEBYSCORE", key, "-inf", text(now - tonumber(ARGV[2])))
return {}
`;

/** ARGV: a name, ids. Returns 1 or 0 for each. */
const TAKEN_HAS = /* lua */ `
local answers = {}
for index = 2, #ARGV do answers[#answers + 1] = call("ZSCORE", base .. "taken:" .. ARGV[1], ARGV[index]) and 1 or 0 end
return answers
`;

export const LOG_SCRIPTS = {
  logAppend: LOG_APPEND,
  logRead: LOG_READ,
  logOwner: LOG_OWNER,
  statesSave: STATES_SAVE,
  statesLoad: STATES_LOAD,
  senderHold: SENDER_HOLD,
  takenAdd: TAKEN_ADD,
  takenHas: TAKEN_HAS,
} as const;
