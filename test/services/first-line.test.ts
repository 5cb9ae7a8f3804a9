import t from 'tap'
import { loadConfig } from '../../services/config.ts'
import { firstLine } from '../../services/first-line.ts'

const SECRET = 'x'.repeat(32)

const of = (environment: Record<string, string>) => firstLine(loadConfig(environment))

t.test('a development start with the embedded log', async (t) => {
  const { summary, sentence } = of({})
  t.strictSame({ ...summary, version: '' }, {
    version: '',
    store: { kind: 'embedded', path: './data' },
    retention: { ttl_s: 86_400, max_events: 1_000_000, max_bytes: 1_073_741_824 },
    authentication: 'development',
    ingest: 'none',
    processes: 1
  })
  t.match(summary.version, /^\d+\.\d+\.\d+$/)
  t.equal(sentence, `Runcast ${summary.version}: embedded log in ./data; a run is kept for 86400 s after its last event, with at most 1000000 events and 1073741824 bytes; tokens of a development secret; no plain PUBLISH; 1 process`)
})

t.test('Redis in each of its forms, and never a password', async (t) => {
  const cases: [Record<string, string>, unknown, RegExp][] = [
    [{ REDIS_URL: 'redis://user:hunter2@redis.example/3' }, { kind: 'redis', mode: 'standalone', addresses: ['redis.example:6379/3'] }, /log in Redis \(standalone\) at redis\.example:6379\/3;/],
    [{ REDIS_URL: 'rediss://:hunter2@[::1]:6380?password=hunter2' }, { kind: 'redis', mode: 'standalone', addresses: ['[::1]:6380'] }, /at \[::1\]:6380;/],
    [{ REDIS_URL: 'redis://hunter2:1/x@redis' }, { kind: 'redis', mode: 'standalone', addresses: [] }, /log in Redis \(standalone\);/],
    [{ REDIS_URL: 'redis://u:hunter2#x@redis' }, { kind: 'redis', mode: 'standalone', addresses: [] }, /log in Redis \(standalone\);/],
    [{ REDIS_SENTINELS: 'a:1 [::1]:2', REDIS_SENTINEL_MASTER: 'main', REDIS_URL: 'redis://:hunter2@x' }, { kind: 'redis', mode: 'sentinel', addresses: ['a:1', '[::1]:2'], master: 'main' }, /log in Redis \(sentinel, master main\) at a:1, \[::1\]:2;/],
    [{ REDIS_CLUSTER_NODES: 'a:1,b:2', REDIS_URL: 'redis://u:hunter2@x' }, { kind: 'redis', mode: 'cluster', addresses: ['a:1', 'b:2'] }, /log in Redis \(cluster\) at a:1, b:2;/]
  ]
  for (const [environment, store, sentence] of cases) {
    const line = of(environment)
    t.strictSame(line.summary.store, store)
    t.match(line.sentence, sentence)
    t.notMatch(JSON.stringify(line), 'hunter2')
  }
})

t.test('retention, authentication, ingest and processes', async (t) => {
  const line = of({ REDIS_URL: 'redis://x', JWT_SECRET: SECRET, RUN_TTL_S: '60', RUN_MAX_EVENTS: '5', RUN_MAX_BYTES: '2048', WEB_CONCURRENCY: '3' })
  t.match(line.summary, { retention: { ttl_s: 60, max_events: 5, max_bytes: 2048 }, authentication: 'hs256_secret', ingest: 'on', processes: 3 })
  t.match(line.sentence, /kept for 60 s after its last event, with at most 5 events and 2048 bytes; tokens of JWT_SECRET \(HS256\); plain PUBLISH is stored; 3 processes$/)
  t.notMatch(JSON.stringify(line), SECRET)
  t.match(of({ REDIS_URL: 'redis://x', INGEST_PUBSUB: 'false' }).summary, { ingest: 'off' })
})
