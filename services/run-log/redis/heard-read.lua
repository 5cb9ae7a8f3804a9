#!lua flags=no-writes
-- Reads the runs that were not heard for a time, as far as signs of life tell, the longest silent first.
--
-- KEYS: the runs that have sent signs of life, by the time of the last one
-- ARGV: the time (ms), the most runs
-- Returns the clock (ms), then run ids.

local clock = now()
local runs = redis.call('ZRANGE', KEYS[1], '-inf', string.format('%.0f', clock - tonumber(ARGV[1])), 'BYSCORE', 'LIMIT', 0, ARGV[2])
return { string.format('%.0f', clock), unpack(runs) }
