#!lua flags=allow-oom
-- Makes the hash of a run from its log, when it is gone and the log is not.
--
-- KEYS: log, run
-- ARGV: the time by which the hash outlives the log, in seconds

local log, run = KEYS[1], KEYS[2]
if redis.call('EXISTS', run) == 1 or redis.call('EXISTS', log) == 0 then return end
write_state(run, state_of_log(log))
redis.call('EXPIRE', run, math.max(redis.call('TTL', log), 0) + tonumber(ARGV[1]))
