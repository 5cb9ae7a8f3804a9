#!lua flags=no-writes
-- Finds the first of some ids that the log has, or nothing.
--
-- KEYS: log
-- ARGV: the ids

for _, id in ipairs(ARGV) do
  if #redis.call('XRANGE', KEYS[1], id, id) > 0 then return id end
end
return false
