#!lua
-- Takes runs off the list of one tenant unless they have changed since it was read.
--
-- KEYS: index
-- ARGV: pairs of ms, as it was read, and run id

for i = 1, #ARGV, 2 do
  if redis.call('ZSCORE', KEYS[1], ARGV[i + 1]) == ARGV[i] then redis.call('ZREM', KEYS[1], ARGV[i + 1]) end
end
