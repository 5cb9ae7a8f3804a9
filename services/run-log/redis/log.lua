-- The functions that the scripts of one run share. An entry's fields are, in this order, `t` type, `d` payload, `p` the
-- predecessor's ms, then those it has of `n` tenant, `i` hash of the raw message or several, `s` the status that the event
-- gives the run, `e` the same when it is terminal, then `o` its outcome.

local function split(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function join(ms, seq)
  return string.format('%.0f-%.0f', ms, seq)
end

-- Returns the number of entries and the newest id that the log ever had, which trimming leaves; nil without a log.
local function ends(log)
  if redis.call('EXISTS', log) == 0 then return nil end
  local info = redis.call('XINFO', 'STREAM', log)
  local known = {}
  for i = 1, #info, 2 do known[info[i]] = info[i + 1] end
  return known['length'], known['last-generated-id']
end

-- Returns the time of the newest event that is no remark, as text. A remark is stored as its id and that time.
local function quiet_since(remark, last)
  local id, ms = string.match(remark or '', '^(%S+) (%d+)$')
  return id == last and ms or string.match(last, '^%d+')
end

local function first_entry(log)
  return redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
end

local function entry_prev(entry)
  local _, seq = split(entry[1])
  return join(entry[2][6], seq - 1)
end

-- Returns the bytes that an entry counts against the bound of the log.
local function entry_bytes(entry)
  return #(entry[2][2] or '') + #(entry[2][4] or '')
end

-- Reads up to `limit` entries in the direction of `command` (XRANGE, XREVRANGE), no more than `max_bytes` hold but at
-- least one. It reads in growing steps, so that a few large events don't bring in a thousand.
local function collect(command, log, from, to, limit, max_bytes)
  local entries, bytes, step = {}, 0, 1
  while #entries < limit do
    local more = redis.call(command, log, from, to, 'COUNT', math.min(step, limit - #entries))
    for _, entry in ipairs(more) do
      bytes = bytes + entry_bytes(entry)
      if bytes > max_bytes and #entries > 0 then return entries end
      entries[#entries + 1] = entry
    end
    if #more == 0 then return entries end
    from = '(' .. more[#more][1]
    step = math.min(step * 2, 64)
  end
  return entries
end

-- Makes the state of a run from its log when the hash is gone. The counts are lost.
local function state_of_log(log)
  local state = { last = select(2, ends(log)), bytes = 0, steps = 0 }
  local from = '-'
  while true do
    local entries = redis.call('XRANGE', log, from, '+', 'COUNT', 64)
    if #entries == 0 then return state end
    for _, entry in ipairs(entries) do
      local id, fields = entry[1], entry[2]
      local ms = split(id)
      state.created = state.created or ms
      state.bytes = state.bytes + entry_bytes(entry)
      for i = 7, #fields, 2 do
        local name, value = fields[i], fields[i + 1]
        if name == 'n' then
          state.tenant = value
        elseif (name == 's' or name == 'e') and not state.terminal then
          state.status = value
          if name == 'e' then
            state.terminal, state.finished, state.outcome = id, ms, fields[i + 2] == 'o' and fields[i + 3] or nil
          end
        end
      end
    end
    from = '(' .. entries[#entries][1]
  end
end

-- Lets a key live for `seconds` from now. An end that was fixed before is not brought forward.
local function keep_for(key, seconds)
  if redis.call('PTTL', key) < seconds * 1000 then redis.call('EXPIRE', key, seconds) end
end

-- Tells if a run has sent signs of life, is not finished, and was not heard for so long.
local function is_silent(heard, terminal, last, clock, silent_ms)
  if not heard or terminal then return false end
  return clock - math.max(tonumber(heard), (split(last))) >= silent_ms
end

local function write_state(run, state)
  local fields = {}
  for name, value in pairs(state) do
    fields[#fields + 1] = name
    fields[#fields + 1] = type(value) == 'number' and string.format('%.0f', value) or value
  end
  redis.call('HSET', run, unpack(fields))
end
