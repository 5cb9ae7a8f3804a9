-- Reads the keys and arguments of append.lua, batch by batch.
--
-- KEYS: per batch: log, run, fence, append result, then the idempotency key if there is one, then the events' own keys
-- ARGV: the settings as JSON, then per batch: live channel, tenant, jitter, hash of the body under the idempotency key
--       ('' for no key), fencing token ('' when the batch is not ingested), run id, the time after the terminal status within
--       which the run takes a remark in milliseconds ('' when the batch is none), the silence that is demanded in milliseconds
--       ('' for none), number of events, then per event: type, payload, hash of the raw message or several ('' for none), hash
--       of the body under its own key ('' for no key), number of
--       effects, and as many pairs of effect and value

local settings = cjson.decode(ARGV[1])

-- The batch that is being appended.
local log, run, fence, append_key, once_key, live, tenant, once_hash, token, jitter, run_id, remark_within, silent_ms, events

local argument, key = 1, 0

local function next_argument()
  argument = argument + 1
  return ARGV[argument]
end

local function next_key()
  key = key + 1
  return KEYS[key]
end

local function optional(text)
  return text ~= '' and text or nil
end

local function read_event()
  local event = { type = next_argument() }
  event.data = next_argument()
  event.raw_hash = optional(next_argument())
  event.once_hash = optional(next_argument())
  event.once_key = event.once_hash and next_key()
  local effects = {}
  for _ = 1, tonumber(next_argument()) do
    local name = next_argument()
    effects[name] = next_argument()
  end
  event.effects = effects
  return event
end

local function read_batch()
  log, run, fence, append_key = next_key(), next_key(), next_key(), next_key()
  live, tenant, jitter = next_argument(), next_argument(), tonumber(next_argument())
  once_hash, token, run_id = optional(next_argument()), optional(next_argument()), next_argument()
  remark_within, silent_ms = tonumber(next_argument()), tonumber(next_argument())
  once_key = once_hash and next_key()
  events = {}
  for i = 1, tonumber(next_argument()) do events[i] = read_event() end
end
