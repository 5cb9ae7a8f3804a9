import { createPublisher, follow, type RunEvent, type StreamItem } from '@runcast/client'
import { test } from 'tap'
import { ask } from '../helpers/http/http.ts'
import { buildApp, tokenFor } from '../helpers/service/app.ts'
import { runcast } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

test('on a development start exec, tail and login find the service by themselves and agree with it', async (t) => {
  const { url, directory } = await buildApp(t, { JWT_SECRET: '', END_GRACE_MS: '50' })
  const environment = { DATA_DIR: directory, TZ: 'UTC' }
  const executed = runcast(t, ['exec', '--run-id', 'build-1', '--', 'sh', '-c', 'echo one; echo "::result::{\\"n\\":1}"; exit 3'], { environment })
  t.equal(await executed.code, 3)
  t.equal(executed.output.stderr, `runcast: ${url}/runs/build-1\n`.repeat(2))

  const tailed = runcast(t, ['tail', 'build-1'], { environment })
  t.equal(await tailed.code, 1)
  t.same(tailed.output.stdout.trim().split('\n').map((line) => line.slice('12:34:56.789 '.length).trimEnd().replace(/, \d+\.\d s/, '')), [
    'status     queued', 'status     running', 'info     | one', 'result     {"n":1}', 'status     failed  (exit code 3)'
  ])

  const login = runcast(t, ['login'], { environment })
  t.equal(await login.code, 0)
  const code = new URL(login.output.stdout).hash.replace('#code=', '')
  const session = await ask(`${url}/api/v1/session`, { method: 'POST', body: { code }, headers: { origin: url, 'content-type': 'application/json' } })
  t.ok(session.status < 300)

  const printed = runcast(t, ['token'], { environment })
  await printed.code
  const run = await ask(`${url}/api/v1/workflow-runs/build-1`, { headers: { authorization: `Bearer ${printed.output.stdout.trim()}` } })
  t.match(JSON.parse(run.body), { status: 'failed', terminal: true, name: /^sh -c echo one/, error: 'exit code 3', events: 5 })
})

test('a publisher and a follower live through restarts of the service without loss or duplicate', async (t) => {
  const token = tokenFor()
  let service = await buildApp(t, { END_GRACE_MS: '50', DRAIN_MS: '0', STREAM_RETRY_MS: '10' })
  const { url, directory } = service
  const publisher = createPublisher({ url, token, batchMaxEvents: 10, maxRetryDelayMs: 100 })
  const ending = new AbortController()
  t.teardown(async () => {
    ending.abort()
    await publisher.close({ timeoutMs: 0 })
  })
  const items: StreamItem[] = []
  const following = (async () => {
    for await (const item of follow({ url, token, runId: 'long', signal: ending.signal })) items.push(item)
  })()
  const published: Promise<string>[] = []
  const run = publisher.run('long')
  for (let n = 1; n <= 500; n++) {
    published.push(run.log({ message: 'line', n }))
    if (n % 10 === 0) await published.at(-1)
    if (n % 200 === 0) {
      await waitUntil('the follower is connected', () => eventsOf(items).length === published.length)
      const closed = service.close()
      published.push(run.log({ message: 'while it stops', n: n + 0.5 }))
      await closed
      service = await buildApp(t, { END_GRACE_MS: '50', DRAIN_MS: '0', STREAM_RETRY_MS: '10', DATA_DIR: directory, PORT: new URL(url).port })
    }
  }
  published.push(run.status('succeeded'))
  const ids = await Promise.all(published)
  await publisher.close()
  await following
  t.same(eventsOf(items).map((event) => event.id), ids)
  t.same(ids.map((id) => Number(id.split('-')[1])), ids.map((_, index) => index + 1))
  t.match(items.at(-1), { kind: 'stream_end', data: { status: 'succeeded', events: ids.length } })
  t.ok(items.filter((item) => item.kind === 'reconnecting').length >= 2)
})

function eventsOf (items: StreamItem[]): RunEvent[] {
  return items.filter((item) => item.kind === 'event')
}
