#!lua
-- Notes when runs of one tenant last changed, tells whoever listens, and lets go of the runs whose time is over.
--
-- KEYS: index
-- ARGV: command and channel to tell by, how long a run's state is kept (s), then pairs of ms and run id

local index, publish, channel, ttl = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
for i = 4, #ARGV, 2 do
  if redis.call('ZADD', index, 'GT', 'CH', ARGV[i], ARGV[i + 1]) == 1 then
    redis.call(publish, channel, ARGV[i + 1])
  end
end
redis.call('ZREMRANGEBYSCORE', index, '-inf', string.format('(%.0f', now() - ttl * 1000))
redis.call('EXPIRE', index, ttl)
