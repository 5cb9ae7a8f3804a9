-- Applies events to the state of their run, before anything is written. Comes after append-arguments.lua.

local function apply_step(state, effects, ms)
  local name = 'step:' .. effects.step
  local stored = state[name] or redis.call('HGET', run, name)
  local step
  if stored then
    step = cjson.decode(stored)
  elseif tonumber(state.steps) < settings.max_steps then
    state.steps = state.steps + 1
    step = { state.steps, cjson.null, '', ms }
  else
    return
  end
  state[name] = cjson.encode({
    step[1], effects.step_name or step[2], effects.step_status, step[4], ms, effects.step_outcome and ms or cjson.null,
    effects.step_outcome or cjson.null
  })
end

-- Sets the status. The first end of a run stays, with its error.
local function apply_change(state, event, ms)
  local effects = event.effects
  for _, name in ipairs({ 'name', 'error', 'retry_of', 'workflow' }) do
    if effects[name] then state[name] = effects[name] end
  end
  if not effects.status then return end
  state.status = effects.status
  if effects.started then state.started = state.started or ms end
  if effects.outcome then
    state.terminal, state.finished, state.outcome = event.id, ms, effects.outcome
  end
end

local function apply(state, event, ms)
  local effects = event.effects
  if not next(effects) then return end
  if not (effects.status and state.terminal) then apply_change(state, event, ms) end
  if effects.log then state.log = effects.log end
  if effects.step then apply_step(state, effects, ms) end
end

local function count_types(state, new)
  if not state.counts then return end
  local counts = cjson.decode(state.counts)
  for _, event in ipairs(new) do counts[event.type] = (counts[event.type] or 0) + 1 end
  state.counts = cjson.encode(counts)
end
