#!lua
-- Notes the last changes of runs of one tenant, publishes them, and takes expired runs off the list.
--
-- KEYS: index
-- ARGV: command and channel to publish by, the life of a run's state (s), then pairs of ms and run id

local index, publish, channel, ttl = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
for i = 4, #ARGV, 2 do
  if redis.call('ZADD', index, 'GT', 'CH', ARGV[i], ARGV[i + 1]) == 1 then
    redis.call(publish, channel, ARGV[i + 1])
  end
end
redis.call('ZREMRANGEBYSCORE', index, '-inf', string.format('(%.0f', now() - ttl * 1000))
redis.call('EXPIRE', index, ttl)
