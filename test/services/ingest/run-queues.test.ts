import t from 'tap'
import { RunQueues, type PendingMessage } from '../../../services/ingest/run-queues.ts'

function message (hash: string, rest: Partial<PendingMessage> = {}): PendingMessage {
  return { hash, event: { type: 'log', data: '1', effect: null }, tenant: '', size: 10, bytes: 10, receivedAt: 0, ...rest }
}

function fill (queues: RunQueues<PendingMessage>, ...hashes: string[]): PendingMessage[] {
  const messages = hashes.map((hash) => message(hash))
  for (const one of messages) queues.add('a', one)
  return messages
}

const hashes = (queues: RunQueues<PendingMessage>) => queues.first('a', 1_000, Infinity).map(({ hash }) => hash).join('')

t.test('identical messages are acknowledged one by one', async (t) => {
  const queues = new RunQueues<PendingMessage>(Infinity, () => 0)
  fill(queues, 'x', 'x', 'y', 'x')
  queues.acknowledge('a', ['x'], '5-1')
  t.equal(hashes(queues), 'xyx')
  queues.acknowledge('a', ['x', 'y'], '6-3')
  t.equal(hashes(queues), 'x')
  t.equal(queues.size, 1)
  t.equal(queues.bytes, 10)
})

t.test('an entry that was read in the log takes out no further message when it is acknowledged', async (t) => {
  const queues = new RunQueues<PendingMessage>(Infinity, () => 0)
  fill(queues, 'x', 'x', 'x')
  queues.acknowledge('a', ['x'], '5-1')
  queues.claimed('a', 7, [{ id: '5-1', hash: 'x' }, { id: '6-2', hash: 'x' }], '6-2')
  t.equal(hashes(queues), 'x')
  t.ok(queues.isClaimed('a', 7))
  queues.acknowledge('a', ['x'], '6-2')
  t.equal(hashes(queues), 'x')
  queues.acknowledge('a', ['x'], '6-3')
  t.equal(hashes(queues), '')
})

t.test('a new history with lower numbers is not taken for the known one', async (t) => {
  const queues = new RunQueues<PendingMessage>(Infinity, () => 0)
  fill(queues, 'x')
  queues.acknowledge('a', [], '5-100')
  queues.acknowledge('a', ['x'], '6-1')
  t.equal(hashes(queues), '')
})

t.test('an acknowledgement without its message was for one that was never seen', async (t) => {
  const queues = new RunQueues<PendingMessage>(Infinity, () => 0)
  queues.acknowledge('a', ['x'], '5-1')
  fill(queues, 'x')
  t.equal(hashes(queues), 'x')
})

t.test('an entry that was read in the log before its message arrives waits for it for 2 s', async (t) => {
  let now = 0
  const queues = new RunQueues<PendingMessage>(Infinity, () => now)
  queues.claimed('a', 7, [{ id: '5-1', hash: 'x' }, { id: '5-2', hash: 'y' }], '5-2')
  fill(queues, 'x', 'x')
  t.equal(hashes(queues), 'x')
  now = 2_001
  queues.add('a', message('y', { receivedAt: now }))
  t.equal(hashes(queues), 'xy')
})

t.test('messages are removed by identity, although others are acknowledged meanwhile', async (t) => {
  const queues = new RunQueues<PendingMessage>(Infinity, () => 0)
  const [first, second] = fill(queues, 'x', 'x', 'z')
  if (first === undefined || second === undefined) throw new Error('never')
  t.ok(queues.beginsWith('a', [first, second]))
  queues.acknowledge('a', ['x'], '5-1')
  t.notOk(queues.beginsWith('a', [first, second]))
  queues.remove('a', [first, second], ['5-2'])
  t.equal(hashes(queues), 'z')
  queues.acknowledge('a', ['z'], '5-2')
  t.equal(hashes(queues), 'z', 'known already')
})

t.test('all ids of an append are known, also where its last event was stored before', async (t) => {
  const queues = new RunQueues<PendingMessage>(Infinity, () => 0)
  const batch = fill(queues, 'x', 'y')
  queues.remove('a', batch, ['6-3', '5-2'])
  fill(queues, 'x')
  queues.acknowledge('a', ['x', 'y'], '6-3')
  t.equal(hashes(queues), 'x', 'an identical message that came later stays')
})

t.test('the first messages are of one tenant and within the bounds', async (t) => {
  const queues = new RunQueues<PendingMessage>(Infinity, () => 0)
  for (const tenant of ['', '', '', 'b']) queues.add('a', message('x', { tenant }))
  t.equal(queues.first('a', 1_000, Infinity).length, 3)
  t.equal(queues.first('a', 2, Infinity).length, 2)
  t.equal(queues.first('a', 1_000, 25).length, 2)
  t.equal(queues.first('a', 1_000, 1).length, 1)
  t.equal(queues.first('b', 1_000, 1).length, 0)
})

t.test('beyond the bound messages are refused', async (t) => {
  const queues = new RunQueues<PendingMessage>(25, () => 0)
  t.ok(queues.add('a', message('x')))
  t.ok(queues.add('b', message('x')))
  t.notOk(queues.add('a', message('y')))
  queues.acknowledge('b', ['x'], '5-1')
  t.ok(queues.add('a', message('y')))
})

t.test('old messages and idle runs are forgotten', async (t) => {
  let now = 0
  const queues = new RunQueues<PendingMessage>(Infinity, () => now)
  queues.add('a', message('x', { receivedAt: 0 }))
  queues.add('a', message('y', { receivedAt: 10 }))
  queues.acknowledge('b', [], '5-1')
  queues.forget(5)
  t.equal(hashes(queues), 'y')
  t.strictSame(queues.waiting(), ['a'])
  now = 60_001
  queues.forget(5)
  t.equal(queues.knownOf('b'), null)
  t.equal(hashes(queues), 'y')
  t.equal(queues.bytes, 10)
})
