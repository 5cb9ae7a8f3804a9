#!lua
-- Claims a run for the ingest: from now on appends with a lower token are refused. In the same step it reads the raw
-- messages that the log has.
--
-- KEYS: log, fence
-- ARGV: token, the fence's time to live in seconds, the id to read after ('' when nothing is known of the run), the
--       time to read from in that case in milliseconds, the most entries to read, the longest wait of a message of
--       the caller in milliseconds
-- Returns { 'fenced' }, or { 'ok', newest id of the log, list of { id, hash of the raw message or '' } }

local log, fence = KEYS[1], KEYS[2]
local token, after = tonumber(ARGV[1]), ARGV[3]

local present = tonumber(redis.call('GET', fence) or 0)
if present > token then return { 'fenced' } end

local _, last = ends(log)
redis.call('SET', fence, ARGV[1], 'EX', ARGV[2])

local found = {}
-- A caller that has claimed the run before knows the log: nobody else has appended since.
if last and (after ~= '' or present < token) then
  -- The caller may have ingested older entries itself, and forgotten them.
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
