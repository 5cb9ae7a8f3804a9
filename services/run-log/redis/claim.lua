#!lua
-- Makes a run the ingest's own: from now on appends with a lower token are refused. Reads which raw messages the log
-- has in the same step.
--
-- KEYS: log, fence
-- ARGV: token, the fence's time to live in seconds, the id to read after ('' when nothing is known of the run), the
--       time to read from in that case in milliseconds, the most entries to read, how long ago anything may be
--       that the caller still waits for, in milliseconds
-- Returns { 'fenced' }, or { 'ok', newest id of the log, list of { id, hash of the raw message or '' } }

local log, fence = KEYS[1], KEYS[2]
local token, after = tonumber(ARGV[1]), ARGV[3]

local present = tonumber(redis.call('GET', fence) or 0)
if present > token then return { 'fenced' } end

local _, last = ends(log)
redis.call('SET', fence, ARGV[1], 'EX', ARGV[2])

local found = {}
-- Whoever has claimed the run before knows what the log has: nobody else has appended since.
if last and (after ~= '' or present < token) then
  -- What is older the caller may have ingested itself, and forgotten.
  local from = after ~= '' and '(' .. after or string.format('%.0f', math.max(tonumber(ARGV[4]), now() - tonumber(ARGV[6])))
  for _, entry in ipairs(redis.call('XRANGE', log, from, '+', 'COUNT', ARGV[5])) do
    local hash = ''
    for i = 7, #entry[2], 2 do
      if entry[2][i] == 'i' then hash = entry[2][i + 1] end
    end
    found[#found + 1] = { entry[1], hash }
  end
end
return { 'ok', last or '0-0', found }
