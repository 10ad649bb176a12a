/** A limiter holds what one limit has left, of simultaneous jobs and of a token bucket. */
export const LIMITERS = /* lua */ `
local function bucketTokens(name, limit)
  local stored = call("HMGET", base .. "bucket:" .. name, "tokens", "filled")
  if not stored[1] then return limit.burst end
  return math.min(limit.burst, stored[1] + math.max(0, now - stored[2]) / 1000 * limit.perSecond)
end

local function roomIn(limiter)
  return math.min(limiter.free, limiter.tokens and math.floor(limiter.tokens) or math.huge)
end

local function newLimiter(name, limit, leases)
  call("ZREMRANGEBYSCORE", leases, "-inf", text(now))
  local limiter = { bucket = name, limit = limit, leases = leases, free = math.huge, isChanged = false }
  if limit.perSecond then limiter.tokens = bucketTokens(name, limit) end
  if limit.atOnce then limiter.free = limit.atOnce - call("ZCARD", leases) end
  limiter.room = roomIn(limiter)
  return limiter
end

local limiters = {}

-- False for a key without a limit.
local function limiterOf(key)
  if limiters[key] == nil then
    local limit = limits.keys[key] or limits.each
    limiters[key] = limit and newLimiter("=" .. key, limit, base .. "leases:" .. key) or false
  end
  return limiters[key]
end

-- A heavy job leaves a negative number of tokens, and later jobs wait until it is made up for.
local function take(limiter, id, weight, expires)
  call("ZADD", limiter.leases, text(expires), id)
  limiter.free = limiter.free - 1
  limiter.isChanged = true
  if limiter.tokens then limiter.tokens = limiter.tokens - weight end
  limiter.room = roomIn(limiter)
end

-- How long until there may be room for one job after a number of others.
local function waitFor(limiter, others)
  local wait = 1
  if limiter.tokens then wait = math.max(wait, (1 + others - limiter.tokens) / limiter.limit.perSecond * 1000) end
  -- The expiry of a lease is the last resort: settling a job of this key promotes the next one.
  local first = limiter.free <= others and call("ZRANGE", limiter.leases, 0, 0, "WITHSCORES")
  if first and first[2] then wait = math.max(wait, first[2] - now + others * 1000) end
  return math.ceil(wait)
end

local function save(limiter)
  if not limiter.isChanged or not limiter.tokens then return end
  local bucket = base .. "bucket:" .. limiter.bucket
  call("HSET", bucket, "tokens", text(limiter.tokens), "filled", text(now))
  -- A full bucket need not be stored.
  call("PEXPIRE", bucket, math.ceil((limiter.limit.burst - limiter.tokens) / limiter.limit.perSecond * 1000) + 1)
end
`;
