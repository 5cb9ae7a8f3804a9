#!lua
-- Creates a run, once however often a call is repeated.
--
-- KEYS: run
-- ARGV: a name for this call, the record, the time of creation (ms)
-- Returns { 1 if this call, or an earlier attempt at it, created the run, 1 if the run is not over, time of creation (ms) }

local run = KEYS[1]
if redis.call('EXISTS', run) == 0 then
  redis.call('HSET', run, 'call', ARGV[1], 'record', ARGV[2], 'created', ARGV[3], 'token', '0')
end
local known = redis.call('HMGET', run, 'call', 'over', 'created')
return { known[1] == ARGV[1] and 1 or 0, known[2] and 0 or 1, known[3] }
