import { statusKindOf } from '@runcast/protocol'
import t from 'tap'
import { rowTime } from '../../../ui/src/run/log/row-times.ts'
import { checkedText, isCurrent } from '../../../ui/src/run/model/connection-state.ts'
import { levelOf } from '../../../ui/src/run/model/levels.ts'
import { advanced, record, stateAt, toggled } from '../../../ui/src/run/model/replay.ts'
import { endedRun, foldEvent, UNKNOWN_RUN } from '../../../ui/src/run/model/run-state.ts'
import { tabLookOf } from '../../../ui/src/run/model/tab-look.ts'
import { kindOfRun } from '../../../ui/src/status/status-kind.ts'
import { createRunService } from '../../helpers/service/run-service.ts'

const status = (seq: number, data: object) => ({ id: `${1000 * seq}-${seq}`, type: 'status_change', data })

t.test('a run begins with the first status that is not waiting, and ends for good with the first terminal one', async (t) => {
  const states = [
    status(1, { status: 'Queued', name: 'Build' }),
    status(2, { status: 'running' }),
    status(3, { status: 'failed', error: { message: 'no space' } }),
    status(4, { status: 'running', name: 'Again' })
  ].map((_event, index, events) => events.slice(0, index + 1).reduce(foldEvent, UNKNOWN_RUN))
  t.match(states[0], { name: 'Build', status: 'queued', startedAt: null, terminal: false })
  t.match(states[1], { status: 'running', startedAt: 2000 })
  t.match(states[2], { status: 'failed', terminal: true, finishedAt: 3000, error: 'no space' })
  t.match(states[3], { name: 'Build', error: 'no space', status: 'failed', terminal: true, finishedAt: 3000 })
})

t.test('a run keeps the outcome of its end, and what the service alone knows', async (t) => {
  t.match(foldEvent(UNKNOWN_RUN, status(1, { status: 'Crashed' })), { status: 'crashed', outcome: 'failed', terminal: true })
  t.match(foldEvent(UNKNOWN_RUN, status(1, { status: 'retrying' })), { outcome: null, terminal: false, startedAt: null })
  t.match(endedRun(foldEvent(UNKNOWN_RUN, status(1, { status: 'verified' })), 'verified', '2-2'), { status: 'verified', outcome: null, terminal: true })
  t.equal(kindOfRun({ status: 'verified', outcome: null, terminal: true }), 'other')
  t.equal(kindOfRun({ status: 'verified', outcome: 'succeeded', terminal: true }), 'succeeded')
  t.equal(kindOfRun({ status: 'running', outcome: null, terminal: true }), 'other')
})

t.test('the status of a step is not that of its run', async (t) => {
  t.match(foldEvent(UNKNOWN_RUN, status(1, { status: 'failed', step: 'lint' })), { status: null, terminal: false, steps: [{ step: 'lint' }] })
})

t.test('names that every object has are no statuses and no levels', async (t) => {
  t.equal(statusKindOf('constructor'), 'other')
  t.equal(levelOf('toString'), 'info')
  t.same(['WARN', 'fatal', 'Error', 7].map(levelOf), ['warning', 'critical', 'error', 'info'])
})

t.test('only a connection that works lets the clock go on', async (t) => {
  t.same(['connecting', 'waiting', 'live', 'reconnecting', 'stale', 'ended', 'denied'].filter((name) => name === 'waiting' || name === 'live'),
    (['connecting', 'waiting', 'live', 'reconnecting', 'stale', 'ended', 'denied'] as const).filter(isCurrent))
})

t.test('the outcome of a reconnect is told in words', async (t) => {
  t.equal(checkedText({ missed: 0, events: 1204 }), 'nothing missed, 1,204 events')
  t.equal(checkedText({ missed: 3, events: 1 }), '3 of 1 event missing')
  t.equal(checkedText({ missed: null, events: 9 }), 'some events are missing')
})

t.test('the tab shows the status in words and in a mark, and that it is not live when it is not', async (t) => {
  const live = tabLookOf('Build', 'running', 'Running', false)
  const away = tabLookOf('Build', 'running', 'Running', true)
  t.equal(live.title, 'Running · Build')
  t.equal(away.title, 'Not live · Build')
  t.equal(tabLookOf('Build', 'failed', 'Failed', false).title, 'Failed · Build')
  const icons = (['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'other'] as const).map((name) => tabLookOf('', name, '', false).icon)
  t.equal(new Set([...icons, away.icon]).size, 7)
  for (const icon of icons) t.match(icon, /^data:image\/svg\+xml,/)
})

t.test('a row tells its time by the clock, since the start, or not', async (t) => {
  t.match(rowTime(1764000000250, 'clock', 0), /^\d\d:\d\d:\d\d\.250$/)
  t.same([250, 61_005, 3_723_000, -1_500].map((ms) => rowTime(ms, 'elapsed', 0)), ['+0:00.250', '+1:01.005', '+1:02:03.000', '-0:01.500'])
  t.equal(rowTime(1, 'none', 0), '·')
})

t.test('a replay shows the state that the run had at the moment', async (t) => {
  const service = createRunService()
  service.append({ type: 'status_change', data: { status: 'running', name: 'Build' } }, 'a', 'b', { type: 'status_change', data: { status: 'succeeded' } })
  const recording = await record((after) => service.listEvents({ after, limit: 1, event_types: 'status_change' }, new AbortController().signal), '1000-0', '1004-4', null)
  t.match(recording, { from: 1000, to: 1004 })
  t.match(stateAt(recording, 1000), { status: null })
  t.match(stateAt(recording, 1003), { status: 'running', name: 'Build' })
  t.match(stateAt(recording, 1004), { status: 'succeeded', terminal: true })
})

t.test('a replay without the begin of the log takes the rest from the known run', async (t) => {
  const service = createRunService()
  service.append('a', 'b', { type: 'status_change', data: { status: 'failed', error: 'no space' } })
  const known = { ...UNKNOWN_RUN, name: 'Build', status: 'failed', terminal: true, error: 'no space', startedAt: 500, finishedAt: 1003 }
  const recording = await record((after) => service.listEvents({ after, limit: 10, event_types: 'status_change' }, new AbortController().signal), '1000-0', '1003-3', known)
  t.match(stateAt(recording, 1001), { name: 'Build', status: 'running', terminal: false, error: null, startedAt: 500, finishedAt: null })
  t.match(stateAt(recording, 1003), { status: 'failed', terminal: true, error: 'no space', finishedAt: 1003 })
})

t.test('a replay goes on at its speed, holds at its end and begins anew from there', async (t) => {
  const recording = { from: 1000, to: 5000, base: UNKNOWN_RUN, changes: [] }
  const playing = { at: 1000, speed: 8, isPlaying: true } as const
  t.same(advanced(playing, recording, 100), { at: 1800, speed: 8, isPlaying: true })
  t.same(advanced(playing, recording, 900), { at: 5000, speed: 8, isPlaying: false })
  t.same(advanced({ ...playing, isPlaying: false }, recording, 100), { at: 1000, speed: 8, isPlaying: false })
  t.same(toggled({ ...playing, at: 5000, isPlaying: false }, recording), { at: 1000, speed: 8, isPlaying: true })
  t.same(toggled({ ...playing, at: 2000 }, recording), { at: 2000, speed: 8, isPlaying: false })
})
