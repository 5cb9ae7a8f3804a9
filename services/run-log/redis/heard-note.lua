#!lua flags=allow-oom
-- Notes when runs were last heard, and takes expired runs off the list.
--
-- KEYS: the runs that have sent signs of life, by the time of the last one
-- ARGV: the life of a run's state (s), then pairs of ms and run id

local heard, ttl = KEYS[1], tonumber(ARGV[1])
for i = 2, #ARGV, 2 do redis.call('ZADD', heard, 'GT', ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYSCORE', heard, '-inf', string.format('(%.0f', now() - ttl * 1000))
redis.call('EXPIRE', heard, ttl)
