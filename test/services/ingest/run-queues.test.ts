import t from 'tap'
import { RunQueues, type PendingMessage } from '../../../services/ingest/run-queues.ts'

const NO_LIMIT = { maxBytes: Infinity, reordered: false }

function message (hash: string, rest: Partial<PendingMessage> = {}): PendingMessage {
  return { hash, event: { type: 'log', data: '1', effect: null }, tenant: '', bytes: 10, receivedAt: 0, ...rest }
}

function fill (queues: RunQueues, ...hashes: string[]): PendingMessage[] {
  const messages = hashes.map((hash) => message(hash))
  for (const one of messages) queues.add('a', one)
  return messages
}

const hashes = (queues: RunQueues) => queues.first('a', 1_000, Infinity).map(({ hash }) => hash).join('')

t.test('identical messages are acknowledged one by one', async (t) => {
  const queues = new RunQueues(NO_LIMIT, () => 0)
  fill(queues, 'x', 'x', 'y', 'x')
  queues.acknowledge('a', ['x'], '5-1')
  t.equal(hashes(queues), 'xyx')
  queues.acknowledge('a', ['x', 'y'], '6-3')
  t.equal(hashes(queues), 'x')
  t.equal(queues.size, 1)
  t.equal(queues.bytes, 10)
})

t.test('what was read in the log is not consumed again when it is acknowledged', async (t) => {
  const queues = new RunQueues(NO_LIMIT, () => 0)
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

t.test('a new history with lower numbers is not taken for what is known', async (t) => {
  const queues = new RunQueues(NO_LIMIT, () => 0)
  fill(queues, 'x')
  queues.acknowledge('a', [], '5-100')
  queues.acknowledge('a', ['x'], '6-1')
  t.equal(hashes(queues), '')
})

t.test('an acknowledgement before its message counts in a Cluster for 2 s, else it was for a message never seen', async (t) => {
  let now = 0
  const one = new RunQueues(NO_LIMIT, () => now)
  one.acknowledge('a', ['x'], '5-1')
  fill(one, 'x')
  t.equal(hashes(one), 'x')

  const cluster = new RunQueues({ ...NO_LIMIT, reordered: true }, () => now)
  cluster.acknowledge('a', ['x', 'y'], '5-2')
  fill(cluster, 'x', 'x')
  t.equal(hashes(cluster), 'x')
  now = 2_001
  cluster.add('a', message('y', { receivedAt: now }))
  t.equal(hashes(cluster), 'xy')
})

t.test('what was read in the log before its message arrives is awaited', async (t) => {
  const queues = new RunQueues(NO_LIMIT, () => 0)
  queues.claimed('a', 7, [{ id: '5-1', hash: 'x' }], '5-1')
  fill(queues, 'x', 'x')
  t.equal(hashes(queues), 'x')
})

t.test('messages are removed by identity, whatever is acknowledged meanwhile', async (t) => {
  const queues = new RunQueues(NO_LIMIT, () => 0)
  const [first, second] = fill(queues, 'x', 'x', 'z')
  if (first === undefined || second === undefined) throw new Error('never')
  t.ok(queues.beginsWith('a', [first, second]))
  queues.acknowledge('a', ['x'], '5-1')
  t.notOk(queues.beginsWith('a', [first, second]))
  queues.remove('a', [first, second], '5-2')
  t.equal(hashes(queues), 'z')
  queues.acknowledge('a', ['z'], '5-2')
  t.equal(hashes(queues), 'z', 'known already')
})

t.test('the first messages are of one tenant and within the bounds', async (t) => {
  const queues = new RunQueues(NO_LIMIT, () => 0)
  for (const tenant of ['', '', '', 'b']) queues.add('a', message('x', { tenant }))
  t.equal(queues.first('a', 1_000, Infinity).length, 3)
  t.equal(queues.first('a', 2, Infinity).length, 2)
  t.equal(queues.first('a', 1_000, 25).length, 2)
  t.equal(queues.first('a', 1_000, 1).length, 1)
  t.equal(queues.first('b', 1_000, 1).length, 0)
})

t.test('beyond the bound messages are refused', async (t) => {
  const queues = new RunQueues({ maxBytes: 25, reordered: false }, () => 0)
  t.ok(queues.add('a', message('x')))
  t.ok(queues.add('b', message('x')))
  t.notOk(queues.add('a', message('y')))
  queues.acknowledge('b', ['x'], '5-1')
  t.ok(queues.add('a', message('y')))
})

t.test('old messages and idle runs are forgotten', async (t) => {
  let now = 0
  const queues = new RunQueues(NO_LIMIT, () => now)
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
