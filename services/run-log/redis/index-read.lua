#!lua flags=no-writes
-- Reads a piece of the list of one tenant, the last changed first, as pairs of run id and ms.
--
-- KEYS: index
-- ARGV: the ms and the run id after which it begins ('+inf' and '' for the start), the most runs

local index, ms, run, count = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local pairs_found, offset = {}, 0
while #pairs_found < count * 2 do
  local piece = redis.call('ZRANGE', index, ms, '-inf', 'BYSCORE', 'REV', 'LIMIT', offset, count, 'WITHSCORES')
  if #piece == 0 then break end
  for i = 1, #piece, 2 do
    -- Runs of one ms are in descending order of their ids.
    if (piece[i + 1] ~= ms or piece[i] < run) and #pairs_found < count * 2 then
      pairs_found[#pairs_found + 1] = piece[i]
      pairs_found[#pairs_found + 1] = piece[i + 1]
    end
  end
  offset = offset + count
end
return pairs_found
