#!lua
-- Appends a batch of events to a run: all that follows from it, or nothing. Everything is read before the first
-- write, so keys of a wrong type are found in time, and XADD is the first write, since nothing is rolled back.
--
-- KEYS: log, run, fence, append result, then the idempotency key if there is one, then the events' own keys
-- ARGV: the request as JSON, tenant, then per event: type, payload, hash of the raw message ('' for none), hash of
--       the body under its own key ('' for no key), number of effects, and as many pairs of effect and value
-- Returns { 'ok', result, the run's tenant } or { 'run_not_found' | 'idempotency_conflict' | 'fenced' }; a result is
-- 'new' or 'old', then ids as `<ms>-<first seq>+<count>`.

local log, run, fence, append_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local request, tenant = cjson.decode(ARGV[1]), ARGV[2]
local once_key = request.once_hash and KEYS[5]

local function read_events()
  local events, argument, key = {}, 3, once_key and 6 or 5
  for i = 1, request.count do
    local event = { type = ARGV[argument], data = ARGV[argument + 1], raw_hash = ARGV[argument + 2], effects = {} }
    if ARGV[argument + 3] ~= '' then
      event.once_hash, event.once_key = ARGV[argument + 3], KEYS[key]
      key = key + 1
    end
    local effects = tonumber(ARGV[argument + 4])
    argument = argument + 5
    for _ = 1, effects do
      event.effects[ARGV[argument]] = ARGV[argument + 1]
      argument = argument + 2
    end
    events[i] = event
  end
  return events
end

-- Gives the events that are stored already their ids, and names for the rest of a batch the first of the same key.
-- Returns the new events, or nil when a key was used for something else.
local function find_new(events)
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

local function result_of(word, events)
  local spans, span_ms, span_seq, count = { word }, nil, nil, 0
  local function finish()
    if count > 0 then spans[#spans + 1] = join(span_ms, span_seq) .. '+' .. count end
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
  return table.concat(spans, ' ')
end

local function read_state(log_last)
  local names = { 'last', 'server', 'tenant', 'bytes', 'created', 'status', 'terminal', 'started', 'counts', 'steps' }
  local values = redis.call('HMGET', run, unpack(names))
  if not values[1] then
    if log_last then return state_of_log(log) end
    return { steps = 0, counts = '{}' }
  end
  local state = {}
  for i, name in ipairs(names) do state[name] = values[i] or nil end
  return state
end

-- Names this time of this server as a primary: the id of its replication changes when a primary restarts and whenever
-- a server is promoted, be it to what it was before.
local function reign()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
end

-- The time of the new ids. A server that did not write the last one may have lost newer ones, so two histories
-- are kept from giving one id to two events.
local function next_ms(state, server, last_ms)
  local ms = math.max(now(), last_ms)
  if state.last and state.server ~= server then return ms + 1 + request.jitter end
  return ms
end

local function add(event, prev_ms)
  local entry = { 't', event.type, 'd', event.data, 'p', string.format('%.0f', prev_ms) }
  local function field(name, value)
    entry[#entry + 1] = name
    entry[#entry + 1] = value
  end
  if tenant ~= '' then field('n', tenant) end
  if event.raw_hash ~= '' then field('i', event.raw_hash) end
  if event.effects.status then field(event.effects.terminal and 'e' or 's', event.effects.status) end
  redis.call('XADD', log, event.id, unpack(entry))
end

local function apply_step(state, effects, ms)
  local name = 'step:' .. effects.step
  local stored = state[name] or redis.call('HGET', run, name)
  local step
  if stored then
    step = cjson.decode(stored)
  elseif tonumber(state.steps) < request.max_steps then
    state.steps = state.steps + 1
    step = { state.steps, cjson.null, '', ms }
  else
    return
  end
  state[name] = cjson.encode({
    step[1], effects.step_name or step[2], effects.step_status, step[4], ms, effects.step_terminal and ms or cjson.null
  })
end

-- The first end of a run stays, and what it says.
local function apply_change(state, event, ms)
  local effects = event.effects
  for _, name in ipairs({ 'name', 'error', 'retry_of', 'workflow' }) do
    if effects[name] then state[name] = effects[name] end
  end
  if not effects.status then return end
  state.status = effects.status
  if effects.started then state.started = state.started or ms end
  if effects.terminal then
    state.terminal, state.finished = event.id, ms
  end
end

local function apply(state, event, ms)
  local effects = event.effects
  if not (effects.status and state.terminal) then apply_change(state, event, ms) end
  if effects.log then state.log = effects.log end
  if effects.step then apply_step(state, effects, ms) end
end

local function count_types(state, events)
  if not state.counts then return end
  local counts = cjson.decode(state.counts)
  for _, event in ipairs(events) do counts[event.type] = (counts[event.type] or 0) + 1 end
  state.counts = cjson.encode(counts)
end

-- Lets go of the oldest entries until the bounds hold, never of the newest. Returns the bytes that are left.
local function trim(length, bytes)
  local from, last_gone = '-', nil
  local function is_over() return length > 1 and (length > request.max_events or bytes > request.max_bytes) end
  while is_over() do
    local guess = math.max(length - request.max_events, math.ceil((bytes - request.max_bytes) * length / bytes))
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

local function announce(events, prev, bytes)
  local last, text = events[#events].id, nil
  if bytes <= request.max_message_bytes then
    local list = {}
    for i, event in ipairs(events) do list[i] = { event.id, event.type, event.data } end
    text = cjson.encode({ prev = prev, events = list })
  end
  if not text or #text > request.max_message_bytes then
    text = cjson.encode({ prev = prev, last = last, n = #events })
  end
  redis.call(request.publish, request.live, text)
end

local function append_events(events, state, length, last)
  local server = reign()
  local last_ms, last_seq = split(last)
  local ms = next_ms(state, server, last_ms)
  local prev_ms, bytes = last_ms, 0
  for i, event in ipairs(events) do
    event.id = join(ms, last_seq + i)
    add(event, prev_ms)
    prev_ms, bytes = ms, bytes + #event.type + #event.data
  end
  for _, event in ipairs(events) do apply(state, event, ms) end
  count_types(state, events)
  state.created = state.created or ms
  state.last, state.server, state.tenant = join(ms, last_seq + #events), server, tenant
  state.bytes = trim(length + #events, (length > 0 and tonumber(state.bytes) or 0) + bytes)
  write_state(run, state)
  redis.call('EXPIRE', log, request.log_ttl)
  redis.call('EXPIRE', run, request.state_ttl)
  announce(events, last, bytes)
end

local done = redis.call('GET', append_key)
if done then return { 'ok', done, redis.call('HGET', run, 'tenant') or '' } end

local token = request.token
if token and token < tonumber(redis.call('GET', fence) or 0) then return { 'fenced' } end

local length, log_last = ends(log)
local state = read_state(log_last)
if state.last then
  -- Whoever may write to Redis may write to any run; the tenant of a plain PUBLISH only counts for a new one.
  if token then tenant = state.tenant or '' end
  if (state.tenant or '') ~= tenant then return { 'run_not_found' } end
end

local once_before = once_key and redis.call('GET', once_key)
if once_before then
  local hash, result = string.match(once_before, '^(%S+) (.*)$')
  if hash ~= request.once_hash then return { 'idempotency_conflict' } end
  return { 'ok', result, tenant }
end

local events = read_events()
local new = find_new(events)
if not new then return { 'idempotency_conflict' } end

if #new > 0 then append_events(new, state, length or 0, log_last or state.last or '0-0') end

local old_result = result_of('old', events)
local result = #new > 0 and result_of('new', events) or old_result
redis.call('SET', append_key, result, 'PX', request.append_ttl)
if once_key then redis.call('SET', once_key, request.once_hash .. ' ' .. old_result, 'PX', request.once_ttl) end
for _, event in ipairs(new) do
  if event.once_key then redis.call('SET', event.once_key, event.id .. ' ' .. event.once_hash, 'PX', request.once_ttl) end
end
if token then
  redis.call('SET', fence, string.format('%.0f', token), 'EX', request.log_ttl)
  -- The newest id lets the others tell what they have read in the log from what they have yet to hear of.
  request.ack.last = #new > 0 and new[#new].id or log_last or state.last or '0-0'
  redis.call('PUBLISH', request.acks, cjson.encode(request.ack))
end
return { 'ok', result, tenant }
