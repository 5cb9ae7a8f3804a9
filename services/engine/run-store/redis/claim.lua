#!lua
-- Begins an attempt. Tokens follow the clock, so that a token lost in a failover is not given again.
--
-- KEYS: run
-- ARGV: holder, length of the lease in milliseconds
-- Returns { 'gone' } if there is nothing to execute, { 'held' }, or { 'claimed', token, time of creation (ms) }

local run = KEYS[1]
local known = redis.call('HMGET', run, 'created', 'over', 'token', 'holder', 'lease')
local created, over, token, holder, lease = known[1], known[2], known[3], known[4], known[5]
if not created or over then return { 'gone' } end
if holder and holder ~= ARGV[1] and tonumber(lease) > now() then return { 'held' } end
local next_token = string.format('%.0f', math.max(tonumber(token) + 1, now()))
redis.call('HSET', run, 'token', next_token, 'holder', ARGV[1], 'lease', string.format('%.0f', now() + tonumber(ARGV[2])))
return { 'claimed', next_token, created }
