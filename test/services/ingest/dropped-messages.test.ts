import t from 'tap'
import { DroppedMessages } from '../../../services/ingest/dropped-messages.ts'
import { memoryLogger } from '../../helpers/memory-logger.ts'

t.test('dropped messages are all counted, and logged at most once a minute and run', async (t) => {
  let now = 0
  const logger = memoryLogger()
  const dropped = new DroppedMessages(logger, () => now)
  dropped.count('invalid_json', 'a', 'x'.repeat(1_000))
  dropped.count('invalid_json', 'a', 'y')
  dropped.count('overflow', 'b', null, 3)
  now = 59_999
  dropped.count('invalid_event', 'a', 'z')
  now = 60_000
  dropped.count('invalid_event', 'a', 'last')
  t.strictSame(dropped.counts, { invalid_json: 2, overflow: 3, invalid_event: 2 })
  t.strictSame(logger.lines.map(({ fields }) => fields), [
    { run_id: 'a', reason: 'invalid_json', sample: 'x'.repeat(200) },
    { run_id: 'b', reason: 'overflow' },
    { run_id: 'a', reason: 'invalid_event', sample: 'last' }
  ])
})

t.test('a flood of names does not flood the log', async (t) => {
  let now = 0
  const logger = memoryLogger()
  const dropped = new DroppedMessages(logger, () => now)
  for (let name = 0; name < 3_000; name++) dropped.count('invalid_run_id', `${name}`, '')
  t.equal(logger.lines.length, 1_000)
  now = 60_000
  dropped.count('invalid_run_id', 'another', '')
  t.equal(logger.lines.length, 1_001)
})
