#!lua flags=no-writes
-- Reads the entries before a place, the newest first.
--
-- KEYS: log
-- ARGV: the exclusive upper bound or '+', the most events, the most bytes

return collect('XREVRANGE', KEYS[1], ARGV[1], '-', tonumber(ARGV[2]), tonumber(ARGV[3]))
