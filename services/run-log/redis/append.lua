#!lua
-- Appends batches of events to runs. Each batch is carried out with all its effects or not at all, alone of the others.
-- Everything is read and worked out before the first write, so that keys of a wrong type are found in time. XADD is the
-- first write, since Redis rolls nothing back.
--
-- KEYS and ARGV: see append-arguments.lua; the changes of the state: see append-state.lua
-- Returns per batch { 'ok', result, the run's tenant, status and terminal id, '' for none }, { 'run_not_found' |
-- 'idempotency_conflict' | 'fenced' | 'not_silent' } or { 'error', the error of Redis }; a result is 'new' or 'old', then ids as `<ms>-<first seq>+<count>`.

local clock = now()

-- Names this time of this server as a primary. The id of its replication changes when a primary restarts and whenever a
-- server is promoted, even one that was the primary before.
local server = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')

-- Finds the ids of the events that are stored already, and for the rest of a batch the first event of the same key.
-- Returns the new events, or nil when a key was used with other content.
local function find_new()
  local new, planned = {}, {}
  for _, event in ipairs(events) do
    local twin = event.once_key and planned[event.once_key]
    local stored = event.once_key and not twin and redis.call('GET', event.once_key)
    if twin then
      if twin.once_hash ~= event.once_hash then return nil end
      event.twin = twin
    elseif stored then
      local id, hash = string.match(stored, '^(%S+) (.*)$')
      if hash ~= event.once_hash then return nil end
      event.id = id
    else
      if event.once_key then planned[event.once_key] = event end
      new[#new + 1] = event
    end
  end
  return new
end

local function spans()
  local all, span_ms, span_seq, count = {}, nil, nil, 0
  local function finish()
    if count > 0 then all[#all + 1] = join(span_ms, span_seq) .. '+' .. count end
  end
  for _, event in ipairs(events) do
    local ms, seq = split(event.id or event.twin.id)
    if ms == span_ms and seq == span_seq + count then
      count = count + 1
    else
      finish()
      span_ms, span_seq, count = ms, seq, 1
    end
  end
  finish()
  return table.concat(all, ' ')
end

local state_names = { 'last', 'server', 'tenant', 'bytes', 'created', 'status', 'terminal', 'heard', 'started', 'counts', 'steps' }

-- Holds the changes of the state, which are written; a field that is not set is read as it is stored.
local function read_state()
  local values = redis.call('HMGET', run, unpack(state_names))
  if not values[1] then
    if ends(log) then return state_of_log(log) end
    return { steps = 0, counts = '{}' }
  end
  local stored = {}
  for i, name in ipairs(state_names) do stored[name] = values[i] or nil end
  return setmetatable({}, { __index = stored })
end

local is_state_doubted = false

-- Returns the number of entries and the newest id that the log ever had: those of the state, unless the log is ahead.
local function standing(state)
  local length = redis.call('XLEN', log)
  if not state.last then return length, '0-0' end
  local is_level = not is_state_doubted and not redis.call('XREAD', 'COUNT', 1, 'STREAMS', log, state.last)
  return length, not is_level and select(2, ends(log)) or state.last
end

-- Returns the time of the new ids. A server that did not write the last id may have lost newer ones, so the time leaps:
-- two histories must not give one id to two events.
local function next_ms(state, last_ms)
  local ms = math.max(clock, last_ms)
  if state.last and state.server ~= server then return ms + 1 + jitter end
  return ms
end

local function add(event, prev_ms)
  local entry = { 't', event.type, 'd', event.data, 'p', string.format('%.0f', prev_ms) }
  local function field(name, value)
    entry[#entry + 1] = name
    entry[#entry + 1] = value
  end
  if tenant ~= '' then field('n', tenant) end
  if event.raw_hash then field('i', event.raw_hash) end
  local effects = event.effects
  if effects.status then field(effects.outcome and 'e' or 's', effects.status) end
  if effects.status and effects.outcome then field('o', effects.outcome) end
  redis.call('XADD', log, event.id, unpack(entry))
end

-- Trims the oldest entries until the bounds hold, never the newest. Returns the bytes that are left.
local function trim(length, bytes)
  local from, last_gone = '-', nil
  local function is_over() return length > 1 and (length > settings.max_events or bytes > settings.max_bytes) end
  while is_over() do
    local guess = math.max(length - settings.max_events, math.ceil((bytes - settings.max_bytes) * length / bytes))
    local entries = redis.call('XRANGE', log, from, '+', 'COUNT', math.min(guess, 64))
    if #entries == 0 then break end
    for _, entry in ipairs(entries) do
      if not is_over() then break end
      last_gone, length, bytes = entry[1], length - 1, bytes - entry_bytes(entry)
    end
    from = '(' .. last_gone
  end
  if last_gone then
    local ms, seq = split(last_gone)
    redis.call('XTRIM', log, 'MINID', '=', join(ms, seq + 1))
  end
  return bytes
end

local function announce(new, prev, bytes)
  local last, text = new[#new].id, nil
  if bytes <= settings.max_message_bytes then
    local list = {}
    for i, event in ipairs(new) do list[i] = { event.id, event.type, event.data } end
    text = cjson.encode({ prev = prev, events = list })
  end
  if not text or #text > settings.max_message_bytes then
    text = cjson.encode({ prev = prev, last = last, n = #new })
  end
  redis.call(settings.publish, live, text)
end

-- Keeps the time of the newest event that is no remark.
local function note_remark(state, last)
  state.remark = state.last .. ' ' .. quiet_since(redis.call('HGET', run, 'remark'), last)
end

-- Writes the entries. Returns their bytes.
local function append_events(new, state, length, last)
  local last_ms, last_seq = split(last)
  local ms = next_ms(state, last_ms)
  local prev_ms, bytes = last_ms, 0
  for i, event in ipairs(new) do
    event.id, bytes = join(ms, last_seq + i), bytes + #event.type + #event.data
    apply(state, event, ms)
  end
  count_types(state, new)
  if not state.created then state.created = ms end
  if state.server ~= server then state.server = server end
  if state.tenant ~= tenant then state.tenant = tenant end
  state.last = new[#new].id
  for _, event in ipairs(new) do
    add(event, prev_ms)
    prev_ms = ms
  end
  if remark_within then note_remark(state, last) end
  state.bytes = trim(length + #new, (length > 0 and tonumber(state.bytes) or 0) + bytes)
  write_state(run, state)
  -- A remark does not prolong the life of the run.
  if not remark_within then keep_for(log, settings.log_ttl) end
  keep_for(run, redis.call('TTL', log) + settings.state_extra_ttl)
  return bytes
end

local function remember(new, result, old_result)
  redis.call('SET', append_key, result, 'PX', settings.append_ttl)
  if token then redis.call('SET', fence, token, 'EX', settings.log_ttl) end
  if once_key then redis.call('SET', once_key, once_hash .. ' ' .. old_result, 'PX', settings.once_ttl) end
  for _, event in ipairs(new) do
    if event.once_key then redis.call('SET', event.once_key, event.id .. ' ' .. event.once_hash, 'PX', settings.once_ttl) end
  end
end

-- Acknowledges ingested messages. By the newest id the other processes tell the entries that they have read in the log
-- from those that they will hear of.
local function acknowledge(last)
  local hashes = {}
  for i, event in ipairs(events) do hashes[i] = event.raw_hash end
  redis.call('PUBLISH', settings.acks, cjson.encode({ run = run_id, token = tonumber(token), hashes = hashes, last = last }))
end

-- A remark is for a run that followers can still read and have not seen the end of.
local function takes_remark(state, length)
  if not state.last or length == 0 then return false end
  return not state.terminal or clock < split(state.terminal) + remark_within
end

local function append()
  local done = redis.call('GET', append_key)
  if done then
    local known = redis.call('HMGET', run, 'status', 'terminal')
    return { 'ok', done, redis.call('HGET', run, 'tenant') or '', known[1] or '', known[2] or '' }
  end
  if token and tonumber(token) < tonumber(redis.call('GET', fence) or 0) then return { 'fenced' } end

  local state = read_state()
  local length, last = standing(state)
  if state.last then
    -- A program that may write to Redis may write to any run; the tenant of a plain PUBLISH only counts for a new one.
    if token and not remark_within then tenant = state.tenant or '' end
    if (state.tenant or '') ~= tenant then return { 'run_not_found' } end
  end

  if remark_within and not takes_remark(state, length) then return { 'run_not_found' } end
  if silent_ms and not is_silent(state.heard, state.terminal, last, clock, silent_ms) then return { 'not_silent' } end

  local function ok(result) return { 'ok', result, tenant, state.status or '', state.terminal or '' } end

  local once_before = once_key and redis.call('GET', once_key)
  if once_before then
    local hash, result = string.match(once_before, '^(%S+) (.*)$')
    if hash ~= once_hash then return { 'idempotency_conflict' } end
    return ok(result)
  end

  local new = find_new()
  if not new then return { 'idempotency_conflict' } end
  local bytes = #new > 0 and append_events(new, state, length, last)
  local ids = spans()
  local result = (bytes and 'new ' or 'old ') .. ids
  remember(new, result, 'old ' .. ids)
  -- Publishes at the very end: if that is refused, a repetition still finds the result.
  if bytes then announce(new, last, bytes) end
  if token then acknowledge(bytes and state.last or last) end
  return ok(result)
end

-- Keeps the fault of one batch from the others. An error of Redis begins with a code, one of Lua with a place in the script.
local function append_safely()
  local succeeded, result = pcall(append)
  if not succeeded and string.find(result, 'ID specified', 1, true) then
    -- Nothing is written yet: the newest id of the state is no id, or the log is ahead of it.
    is_state_doubted = true
    succeeded, result = pcall(append)
    is_state_doubted = false
  end
  if succeeded then return result end
  return { 'error', string.find(result, '^user_script') and 'ERR ' .. result or result }
end

local results = {}
while argument < #ARGV do
  read_batch()
  results[#results + 1] = append_safely()
end
return results
