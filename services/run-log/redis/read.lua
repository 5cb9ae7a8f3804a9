#!lua flags=no-writes
-- Reads one page of a run's log and the facts around it, in one step.
--
-- KEYS: log, run
-- ARGV: the kind of place to begin at ('cursor', 'first', 'end', 'tail', 'since'), the cursor, count or ms that goes with it,
--       the most events, the most bytes
-- Returns { facts, entries }, the facts as text, '' for none: now, 1 if the run exists, the first id and its
-- predecessor, the last id, tenant, status, terminal id, counts, 1 if the cursor's id is there, the chosen
-- position, the time of the newest event that is no remark. Returns { 'rebuild' } when the hash is gone and the log is not.

local log, run = KEYS[1], KEYS[2]
local place, argument, limit, max_bytes = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local function entry_from(ms)
  return redis.call('XRANGE', log, string.format('%.0f', ms), '+', 'COUNT', 1)[1]
end

-- Finds the entry `count` from the end. The seq is known and has no holes. The ms is searched for, since the entries in
-- between could be all of a large log.
local function tail_entry(count, first, last)
  local last_ms, last_seq = split(last)
  local low, first_seq = split(first[1])
  local wanted = last_seq - count + 1
  if wanted <= first_seq then return first end
  local high = last_ms
  while low < high do
    local middle = math.ceil((low + high) / 2)
    local _, seq = split(entry_from(middle)[1])
    if seq <= wanted then low = middle else high = middle - 1 end
  end
  local id = join(low, wanted)
  return redis.call('XRANGE', log, id, id)[1]
end

local state = redis.call('HMGET', run, 'last', 'tenant', 'status', 'terminal', 'counts', 'remark')
local length, log_last = ends(log)
if log_last and not state[1] then return { 'rebuild' } end

local last = log_last or state[1] or '0-0'
local first = log_last and first_entry(log)
local has_cursor, chosen, from = false, nil, '-'
if place == 'cursor' then
  has_cursor = first and #redis.call('XRANGE', log, argument, argument) > 0
  if has_cursor then from = '(' .. argument end
elseif place == 'end' then
  from = nil
elseif first and place ~= 'first' then
  local count = tonumber(argument)
  if place == 'since' then
    chosen = entry_from(count)
  elseif count > 0 then
    chosen = tail_entry(count, first, last)
  end
  from = chosen and chosen[1]
end

local facts = {
  string.format('%.0f', now()), state[1] and '1' or '', first and first[1] or '', first and entry_prev(first) or '', last,
  state[2] or '', state[3] or '', state[4] or '', state[5] or '', has_cursor and '1' or '', chosen and entry_prev(chosen) or '',
  quiet_since(state[6], last)
}
return { facts, first and from and collect('XRANGE', log, from, '+', limit, max_bytes) or {} }
