import { isWaitingStatus, outcomeOf, statusKindOf } from '@runcast/protocol'
import t from 'tap'

t.test('a status that waits is not one that runs', async (t) => {
  for (const status of [
    'queued', 'Pending', 'scheduled', 'created', 'waiting', 'waiting_for_approval', 'WaitingForApproval', 'waiting-children', 'paused', 'blocked', 'retrying',
    'suspended', 'awaiting_input', 'on_hold', 'on hold', 'sleeping', 'deferred', 'up_for_retry', 'up_for_reschedule', 'delayed', 'requires_action', 'approval_required'
  ]) {
    t.ok(isWaitingStatus(status), status)
    t.equal(statusKindOf(status), 'waiting', status)
  }
  for (const status of ['running', 'RUNNING', 'started', 'restarting', 'in_progress', 'In Progress', 'active', 'executing']) t.equal(statusKindOf(status), 'running', status)
})

t.test('an unknown word is neither, also one that begins like a known one', async (t) => {
  for (const status of ['compiling', 'constructor', 'toString', '', 'heldover', 'runningwild', 'läuft']) t.equal(statusKindOf(status), 'other', status)
})

t.test('the outcome that the service has decided counts more than the word', async (t) => {
  t.equal(statusKindOf('verified', 'succeeded'), 'succeeded')
  t.equal(statusKindOf('running', 'cancelled'), 'cancelled')
  t.equal(statusKindOf('done', null), 'other')
  t.equal(statusKindOf('Crashed'), 'failed')
  t.equal(statusKindOf(null), 'waiting')
  for (const status of ['succeeded ', 'succeeded success', '__proto__', '']) t.equal(outcomeOf(status), null, status)
})
