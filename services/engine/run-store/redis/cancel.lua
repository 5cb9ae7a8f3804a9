#!lua flags=allow-oom
-- Marks a run as cancelled.
--
-- KEYS: run
-- Returns 1, or 0 if there is nothing to cancel

local known = redis.call('HMGET', KEYS[1], 'created', 'over')
if not known[1] or known[2] then return 0 end
redis.call('HSET', KEYS[1], 'cancelled', '1')
return 1
