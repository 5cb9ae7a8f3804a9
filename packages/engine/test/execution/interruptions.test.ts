import { test } from 'tap'
import type { Task, TaskList } from '../../src/definition/dsl.ts'
import { startEngine, workflow, type RunEvent } from '../support/engine.ts'
import { json, startHttpServer } from '../support/http-server.ts'
import { seededRandom, testSeed } from '../support/random.ts'

const ROUNDS = 8

/** Makes random lists of tasks. Each hands on a number as `v`. */
function createTasks (url: string, random: () => number): (depth: number) => TaskList {
  let tasks = 0
  const below = (limit: number) => Math.floor(random() * limit)

  function list (depth: number): TaskList {
    return Array.from({ length: 1 + below(3) }, () => {
      tasks += 1
      return { [`t${tasks}`]: task(depth) }
    })
  }

  function task (depth: number): Task {
    const id = tasks
    const kinds: Array<() => Task> = [
      () => ({ set: { v: `\${ .v * 2 + ${below(5)} }` } }),
      () => ({ call: 'http', with: { method: 'get', endpoint: `${url}/${id}` }, output: { as: `{ v: ($input.v + ${id}) }` } }),
      () => ({ wait: { milliseconds: below(5) } }),
      () => ({ do: list(depth - 1) }),
      () => ({ for: { in: '[ 1, 2 ]' }, do: list(depth - 1) }),
      () => ({ fork: { branches: list(depth - 1) }, output: { as: '{ v: (map(.v) | add) }' } }),
      () => ({ try: [...list(depth - 1), { fault: { raise: { error: { type: 'https://example.com/no', status: 400 } } } }], catch: { do: list(depth - 1) } }),
      () => tryTwice(id, list(depth - 1))
    ]
    return kinds[below(depth > 0 ? kinds.length : 3)]?.() ?? { do: [] }
  }

  return list
}

/** Makes a task that fails in the first attempt and succeeds in the second, each time that it is executed. */
function tryTwice (id: number, inner: TaskList): Task {
  const key = `tried${id}`
  return {
    try: [
      ...inner,
      { check: { switch: [{ tried: { when: `$context.${key} == true`, then: 'forget' } }] } },
      { mark: { set: { v: '${ .v }' }, export: { as: `$context + { ${key}: true }` } } },
      { fault: { raise: { error: { type: 'https://example.com/no', status: 503 } } } },
      { forget: { set: { v: '${ .v }' }, export: { as: `$context + { ${key}: false }` } } }
    ],
    catch: { retry: { limit: { attempt: { count: 1 } } } }
  }
}

/** Counts the successful ends of each task. */
function succeeded (events: readonly RunEvent[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { type, data } of events) {
    if (type === 'status_change' && data['status'] === 'succeeded') counts.set(String(data['step']), (counts.get(String(data['step'])) ?? 0) + 1)
  }
  return counts
}

test('however often it is interrupted, a run comes to the same end', async (t) => {
  const seed = testSeed()
  t.comment(`SEED=${seed}`)
  const random = seededRandom(seed)
  const calls: string[] = []
  const server = await startHttpServer(t, ({ url }, response) => {
    calls.push(url)
    json(response, url)
  })
  const smooth = await startEngine(t)
  const rough = await startEngine(t, { leaseMs: 60, logger: { info () {}, warn () {}, error () {} } })
  const save = rough.store.save.bind(rough.store)
  let interruptions = 0
  rough.store.save = async (runId, token, checkpoints) => {
    const chance = random()
    if (chance < 0.04) interruptions += 1
    if (chance < 0.02) throw new Error('nothing was stored')
    await save(runId, token, checkpoints)
    if (chance < 0.04) throw new Error('it was stored, but the answer was lost')
  }

  for (let round = 0; round < ROUNDS; round += 1) {
    const empty = workflow('do: []')
    const tangled = { ...empty, definition: { ...empty.definition, do: createTasks(server.url, random)(3) } }
    const expected = await smooth.run(tangled, { v: 1 })
    const expectedCalls = calls.splice(0)
    interruptions = 0
    const ended = await rough.run(tangled, { v: 1 })
    const actualCalls = calls.splice(0)
    t.equal(ended.status, 'succeeded', `round ${round} with ${interruptions} interruptions`)
    t.strictSame(ended.output, expected.output)
    for (const url of new Set(expectedCalls)) {
      const times = (list: readonly string[]) => list.filter((other) => other === url).length
      t.ok(times(actualCalls) >= times(expectedCalls) && times(actualCalls) <= times(expectedCalls) + interruptions, `${url} was called ${times(actualCalls)} times`)
    }
    for (const [step, count] of succeeded(expected.events)) t.ok((succeeded(ended.events).get(step) ?? 0) >= count, `the ends of ${step} are all published`)
  }
})
