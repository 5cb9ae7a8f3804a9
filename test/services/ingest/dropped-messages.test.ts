import t from 'tap'
import { DroppedMessages } from '../../../services/ingest/dropped-messages.ts'
import { memoryLogger } from '../../helpers/memory-logger.ts'

t.test('dropped messages are counted, and logged at most once a minute and run, without their content', async (t) => {
  let now = 0
  const logger = memoryLogger()
  const dropped = new DroppedMessages(logger, () => now)
  dropped.count('invalid_json')
  dropped.count('invalid_json')
  dropped.count('overflow', 3)
  t.strictSame(dropped.counts, { invalid_json: 2, overflow: 3 })
  dropped.log('invalid_json', 'a')
  dropped.log('overflow', 'b')
  now = 59_999
  dropped.log('invalid_event', 'a')
  now = 60_000
  dropped.log('invalid_event', 'a')
  t.strictSame(logger.lines.map(({ fields }) => fields), [
    { run_id: 'a', reason: 'invalid_json' },
    { run_id: 'b', reason: 'overflow' },
    { run_id: 'a', reason: 'invalid_event' }
  ])
})

t.test('a flood of names does not flood the log', async (t) => {
  let now = 0
  const logger = memoryLogger()
  const dropped = new DroppedMessages(logger, () => now)
  for (let name = 0; name < 3_000; name++) dropped.log('invalid_run_id', `${name}`)
  t.equal(logger.lines.length, 1_000)
  now = 60_000
  dropped.log('invalid_run_id', 'another')
  t.equal(logger.lines.length, 1_001)
})
