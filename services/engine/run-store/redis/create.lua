#!lua
-- Takes a run on.
--
-- KEYS: run
-- ARGV: a name for this call, the record, when it was created (ms)
-- Returns { 1 when it was created by this call, be it by an earlier attempt, 1 when it is not over, when it was created }

local run = KEYS[1]
if redis.call('EXISTS', run) == 0 then
  redis.call('HSET', run, 'call', ARGV[1], 'record', ARGV[2], 'created', ARGV[3], 'token', '0')
end
local known = redis.call('HMGET', run, 'call', 'over', 'created')
return { known[1] == ARGV[1] and 1 or 0, known[2] and 0 or 1, known[3] }
