/**
 * What several processes agree on, beside the queue: `log`, a stream that all of them read in one order; `states` and `at`, the newest value of each
 * name; `sender:NAME`, who sends at the moment; `taken:NAME`, what was taken, by the time.
 */
const LOG_APPEND = /* lua */ `
local oldest = string.format("%.0f", now - tonumber(ARGV[1]))
for index = 2, #ARGV do call("XADD", base .. "log", "MINID", "~", oldest, "*", "e", ARGV[index]) end
return {}
`;

/** ARGV: an id or "", a number. Returns the time, then id and text of what comes after the given one. */
const LOG_READ = /* lua */ `
local answer = { string.format("%.0f", math.floor(now)) }
for _, entry in ipairs(call("XRANGE", base .. "log", ARGV[1] == "" and "-" or "(" .. ARGV[1], "+", "COUNT", ARGV[2])) do
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = entry[2][2]
end
return answer
`;

/** ARGV: name, time and value of each. One that is older than the stored one changes nothing. */
const STATES_SAVE = /* lua */ `
for first = 1, #ARGV, 3 do
  local stored = call("HGET", base .. "at", ARGV[first])
  if not stored or tonumber(ARGV[first + 1]) >= tonumber(stored) then
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

/** ARGV: a name, a holder, milliseconds. Returns 1 if the name is the holder's from now on. */
const SENDER_HOLD = /* lua */ `
local key = base .. "sender:" .. ARGV[1]
local holder = call("GET", key)
if holder and holder ~= ARGV[2] then return { 0 } end
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
