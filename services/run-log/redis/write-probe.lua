#!lua
-- Proves that the service may write: does what an append does on keys of a run that can't exist, and leaves nothing.
--
-- KEYS: all keys of a run that an append and the engine write
-- ARGV: command and channel to publish by

for _, key in ipairs(KEYS) do
  redis.call('SET', key, '1', 'PX', 1000)
  redis.call('DEL', key)
end
local key = KEYS[1]
redis.call('XADD', key, 'MAXLEN', 1, '*', 't', now())
redis.call('XTRIM', key, 'MAXLEN', 0)
redis.call('EXPIRE', key, 1)
redis.call('DEL', key)
redis.call('HSET', key, 'a', 1)
redis.call('HGETALL', key)
redis.call('DEL', key)
redis.call('ZADD', key, 1, 'a')
redis.call('DEL', key)
redis.call(ARGV[1], ARGV[2], '')
return 1
