#!lua
-- Notes the last changes of runs of one tenant, publishes them, and takes expired runs off the list.
--
-- KEYS: index, the longest life of a state (s) among the runs on the list
-- ARGV: command and channel to publish by, the life of a run's state (s), then pairs of ms and run id

local index, life, publish, channel, ttl = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3])
for i = 4, #ARGV, 2 do
  if redis.call('ZADD', index, 'GT', 'CH', ARGV[i], ARGV[i + 1]) == 1 then
    redis.call(publish, channel, ARGV[i + 1])
  end
end
-- Runs that were appended to under a longer life are still there.
local longest = tonumber(redis.call('GET', life) or 0)
if ttl >= longest then
  longest = ttl
  redis.call('SET', life, ttl, 'EX', ttl)
end
redis.call('ZREMRANGEBYSCORE', index, '-inf', string.format('(%.0f', now() - longest * 1000))
keep_for(index, ttl)
