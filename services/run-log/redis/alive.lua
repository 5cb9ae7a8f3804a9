#!lua flags=allow-oom
-- Notes in the state of a run that its publisher lives. A finished run stays as it is.
--
-- KEYS: log, run
-- ARGV: tenant, the time in which the watchers of all runs are told once (ms)
-- Returns { 'heard', the ms, 1 if the watchers should be told }, { 'finished' }, { 'run_not_found' }, or { 'rebuild' } when
-- the hash is gone and the log is not.

local log, run, tenant, news_ms = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])
local last, stored_tenant, terminal, heard = unpack(redis.call('HMGET', run, 'last', 'tenant', 'terminal', 'heard'))
if not last then return { redis.call('EXISTS', log) == 1 and 'rebuild' or 'run_not_found' } end
if (stored_tenant or '') ~= tenant then return { 'run_not_found' } end
if terminal then return { 'finished' } end

local clock = now()
local before = math.max(tonumber(heard or 0), (split(last)))
local ms = string.format('%.0f', math.max(clock, tonumber(heard or 0)))
redis.call('HSET', run, 'heard', ms)
local is_news = not heard or math.floor(clock / news_ms) ~= math.floor(before / news_ms)
return { 'heard', ms, is_news and '1' or '' }
