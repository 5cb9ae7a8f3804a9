import { test } from 'tap'
import { createCheckpointQueue } from '../../src/execution/checkpoint-queue.ts'
import { waitUntil } from '../support/wait-until.ts'

const checkpoint = (key: string) => ({ key, value: null })

test('checkpoints are saved in their order, waiting ones together', async (t) => {
  const saved: string[] = []
  const gates: Array<() => void> = []
  const queue = createCheckpointQueue(async (checkpoints) => {
    await new Promise<void>((resolve) => gates.push(resolve))
    saved.push(checkpoints.map(({ key }) => key).join())
  }, 25, (error) => new Error(String(error)))
  const durable: string[] = []
  for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(checkpoint(key), key === 'e' ? 100 : 10).then(() => durable.push(key), () => {})
  let isRoom = false
  queue.saved(3).then(() => { isRoom = true }, () => {})
  for (const [index, state] of [[['a'], false], [['a', 'b', 'c'], true], [['a', 'b', 'c', 'd'], true], [['a', 'b', 'c', 'd', 'e'], true]].entries()) {
    await waitUntil('it is being saved', () => gates.length === index + 1)
    gates[index]?.()
    await waitUntil('it is durable', () => durable.length === (Array.isArray(state[0]) ? state[0].length : 0))
    t.strictSame([durable, isRoom], state)
  }
  await queue.saved(0)
  t.strictSame(saved, ['a', 'b,c', 'd', 'e'])
})

test('after a failure nothing more is saved', async (t) => {
  let saves = 0
  let reports = 0
  const queue = createCheckpointQueue(async () => {
    if ((saves += 1) === 2) throw new Error('away')
  }, 1_000, () => {
    reports += 1
    return new Error('over')
  })
  const results = await Promise.allSettled([queue.add(checkpoint('a'), 1), queue.add(checkpoint('b'), 1), queue.add(checkpoint('c'), 1)])
  t.strictSame(results.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected'])
  await t.rejects(queue.add(checkpoint('d'), 1), { message: 'over' })
  await t.rejects(queue.saved(0), { message: 'over' })
  t.strictSame([saves, reports], [2, 1])
})
