#!lua
-- Carries out an action for the attempt that has the token.
--
-- KEYS: run, names of checkpoints, checkpoints
-- ARGV: token, then 'renew' and the length of the lease in milliseconds; 'release'; 'finish' and the time in seconds
--       that the run is kept; or 'save' and pairs of key and checkpoint
-- Returns nil if another attempt has begun or there is nothing to execute, else { time of creation (ms), 1 if the run is cancelled }

local run, names, checkpoints = KEYS[1], KEYS[2], KEYS[3]
local token, action = ARGV[1], ARGV[2]
local known = redis.call('HMGET', run, 'created', 'over', 'token', 'cancelled')
local created, over = known[1], known[2]
if not created or known[3] ~= token then return nil end
-- After the end only `finish` is accepted: it repeats a command whose answer was lost.
if over then return action == 'finish' and { created, 0 } or nil end

local function save(key, checkpoint)
  local number = redis.call('HGET', names, key)
  if number then
    redis.call('LSET', checkpoints, number, checkpoint)
  else
    redis.call('HSET', names, key, redis.call('RPUSH', checkpoints, checkpoint) - 1)
  end
end

if action == 'renew' then
  redis.call('HSET', run, 'lease', string.format('%.0f', now() + tonumber(ARGV[3])))
elseif action == 'release' then
  redis.call('HSET', run, 'lease', '0')
elseif action == 'finish' then
  redis.call('HSET', run, 'over', '1')
  for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[3]) end
else
  for i = 3, #ARGV, 2 do save(ARGV[i], ARGV[i + 1]) end
end
return { created, known[4] and 1 or 0 }
