#!lua flags=no-writes
-- Reads a page of the checkpoints of a run: as many as fit the bytes, but at least one.
--
-- KEYS: checkpoints
-- ARGV: the number of checkpoints to skip, the most bytes
-- Returns the checkpoints; none at the end

local found, bytes, step, from, most = {}, 0, 1, tonumber(ARGV[1]), tonumber(ARGV[2])
while true do
  local more = redis.call('LRANGE', KEYS[1], from, from + step - 1)
  for _, checkpoint in ipairs(more) do
    bytes = bytes + #checkpoint
    if bytes > most and #found > 0 then return found end
    found[#found + 1] = checkpoint
  end
  if #more < step then return found end
  from, step = from + step, math.min(step * 2, 64)
end
