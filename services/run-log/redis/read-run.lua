#!lua flags=no-writes
-- Reads the state of a run.
--
-- KEYS: log, run
-- Returns { last id, first id or '', the fields of the hash and their values }, {} when there is no such run, and
-- { 'rebuild' } when the hash is gone and the log is not.

local state = redis.call('HGETALL', KEYS[2])
local _, log_last = ends(KEYS[1])
if #state == 0 then return log_last and { 'rebuild' } or {} end
local first = log_last and first_entry(KEYS[1])
return { log_last or redis.call('HGET', KEYS[2], 'last'), first and first[1] or '', state }
