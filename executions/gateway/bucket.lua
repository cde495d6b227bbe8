-- bucket.py's Bucket for all processes at once; read it there. Redis's clock counts, unless a test gives one.
-- KEYS: state (a hash), places (a sorted set: waiter -> when its call will have arrived), waiting (a hash: waiter -> "lane until").
-- ARGV: what to do, the time or "", then what the method of that name takes. Answers are numbers as text.
local state, places, waiting = KEYS[1], KEYS[2], KEYS[3]
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end
local FLOOR, RECOVERY, LONGEST_PAUSE, SPREAD = 1 / 32, 60.0, 30.0, 0.8
local WINDOW, MOMENT, SHORTEST, GRACE, UNSENT = 1.002, 0.02, 0.001, 0.1, 15.0
local WEIGHTS = {[0] = 16, 8, 4, 2, 1}
local KEPT = 86400

local function text(number) return string.format('%.17g', number) end
local function get(name, default) return tonumber(redis.call('HGET', state, name) or default) end
local function set(name, number) redis.call('HSET', state, name, text(number)) end
local function part_now()
  return math.min(1, get('part', 1) + math.max(0, now - math.max(get('part_at', -1), get('paused', 0))) / RECOVERY)
end
local function window(rate)
  if rate >= 1 then return math.floor(rate), WINDOW end
  return 1, 1 / rate
end
local function position(lane) return math.max(get('pass' .. lane, 0), get('reached', 0)) end

if redis.call('EXISTS', state) == 0 and ARGV[2] == '' then
  -- It may have been lost with the calls of this second in it.
  set('closed', now + 1)
end
redis.call('EXPIRE', state, KEPT)

local function forget()
  local newest = redis.call('ZRANGE', places, -1, -1, 'WITHSCORES')[2]
  if newest then
    local before = math.min(now - WINDOW, tonumber(newest))
    redis.call('ZREMRANGEBYSCORE', places, '-inf', (before == tonumber(newest) and '(' or '') .. text(before))
  end
  local lanes, all = {}, redis.call('HGETALL', waiting)
  for i = 1, #all, 2 do
    local lane, till = string.match(all[i + 1], '^(%d+) (.+)$')
    if tonumber(till) < now then
      redis.call('HDEL', waiting, all[i])
    else
      lanes[tonumber(lane)] = (lanes[tonumber(lane)] or 0) + 1
    end
  end
  return lanes
end

local does = {}

function does.ask(full, lane, waiter)
  full, lane = tonumber(full), tonumber(lane)
  local lanes = forget()
  local room, width = window(full * part_now())
  local at = math.max(get('closed', 0), get('paused', 0))
  local oldest = redis.call('ZRANGE', places, -room, -room, 'WITHSCORES')[2]
  if oldest then at = math.max(at, math.min(now, tonumber(oldest)) + width) end
  if lane ~= 0 then at = math.max(at, get('given_at', -1e9) + SPREAD * width / room) end
  local wait = at - now
  if wait <= 0 then
    lanes[lane] = 1
    local turn = nil
    for other = 0, 4 do
      if lanes[other] and (turn == nil or position(other) < position(turn)) then turn = other end
    end
    if turn == lane then
      local here = position(lane)
      set('reached', here)
      set('pass' .. lane, here + 1 / WEIGHTS[lane])
      set('given_at', now)
      redis.call('ZADD', places, text(now + UNSENT), waiter)
      redis.call('EXPIRE', places, KEPT)
      redis.call('HDEL', waiting, waiter)
      return '0'
    end
    wait = MOMENT
  end
  wait = math.max(wait, SHORTEST)
  redis.call('HSET', waiting, waiter, lane .. ' ' .. text(now + wait + GRACE))
  redis.call('EXPIRE', waiting, KEPT)
  return text(wait)
end

function does.arrives(waiter, within)
  local at = redis.call('ZSCORE', places, waiter)
  if at then redis.call('ZADD', places, text(math.min(tonumber(at), now + tonumber(within))), waiter) end
  return '0'
end

function does.leave(waiter)
  redis.call('HDEL', waiting, waiter)
  return '0'
end

function does.throttled(retry_after, chance)
  local part = part_now()
  chance = tonumber(chance)
  if now >= get('part_at', -1) + 1 then
    part = math.max(FLOOR, part / 2)
    set('part', part)
    set('part_at', now)
  end
  local pause = chance * math.min(LONGEST_PAUSE, 1 / part)
  if retry_after ~= '' then pause = tonumber(retry_after) + chance end
  set('paused', math.max(get('paused', 0), now + pause))
  return '0'
end

function does.close(seconds)
  set('closed', math.max(get('closed', 0), now + tonumber(seconds)))
  return '0'
end

function does.state(full)
  local lanes = forget()
  local paused = math.max(0, math.max(get('paused', 0), get('closed', 0)) - now)
  local room, width = window(tonumber(full) * part_now())
  local used = redis.call('ZCOUNT', places, '(' .. text(now - width), '+inf')
  local left = math.max(0, room - used)
  if paused > 0 then left = 0 end
  local answer = {text(left), text(part_now()), text(paused)}
  for lane = 0, 4 do answer[#answer + 1] = text(lanes[lane] or 0) end
  return answer
end

return does[ARGV[1]](unpack(ARGV, 3))
