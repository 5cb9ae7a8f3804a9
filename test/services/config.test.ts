import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { SettingsSchema } from '../../schemas/config.ts'
import { ConfigError, isLoopback, loadConfig } from '../../services/config.ts'

const SECRET = 'x'.repeat(32)

function problems (environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

t.test('without any setting the service is a development start on loopback with the embedded log', async (t) => {
  t.match(loadConfig({}), {
    HOST: '127.0.0.1',
    PORT: 3000,
    DATA_DIR: './data',
    redis: null,
    hasTokenKey: false,
    corsOrigins: [],
    trustProxy: false,
    retention: { maxEvents: 1_000_000, maxBytes: 1_073_741_824, ttlSeconds: 86_400 }
  })
})

t.test('settings are read from text', async (t) => {
  const config = loadConfig({
    PORT: '0',
    REDIS_URL: 'redis://127.0.0.1:6379',
    INGEST_PUBSUB: 'false',
    RUN_MAX_EVENTS: '5',
    TERMINAL_STATUSES: 'Done, FAILED',
    CORS_ORIGINS: 'https://a.example https://b.example:8443',
    TRUST_PROXY: '10.0.0.0/8, ::1 loopback',
    JWT_SECRET: SECRET,
    HOST: '0.0.0.0',
    LOG_LEVEL: '',
    UNHEARD_OF: '1'
  })
  t.match(config, {
    PORT: 0,
    INGEST_PUBSUB: false,
    LOG_LEVEL: 'info',
    hasTokenKey: true,
    redis: { kind: 'standalone', url: 'redis://127.0.0.1:6379' },
    retention: { maxEvents: 5, maxBytes: 67_108_864 },
    corsOrigins: ['https://a.example', 'https://b.example:8443'],
    trustProxy: ['10.0.0.0/8', '::1', 'loopback']
  })
  t.same([...config.terminalStatuses], [['done', 'succeeded'], ['failed', 'failed']])
  t.notOk('UNHEARD_OF' in config)
  t.equal(loadConfig({ TRUST_PROXY: 'true' }).trustProxy, true)
})

t.test('the words that end a run have an outcome', async (t) => {
  const words = (text: string) => loadConfig({ TERMINAL_STATUSES: text }).terminalStatuses
  const known = {
    succeeded: ['succeeded', 'success', 'completed', 'done', 'skipped'],
    failed: ['failed', 'failure', 'error', 'errored', 'crashed', 'timed_out', 'expired', 'upstream_failed', 'lost'],
    cancelled: ['cancelled', 'canceled', 'killed', 'aborted', 'terminated', 'stopped']
  }
  t.same(Object.fromEntries(words('')), Object.fromEntries(Object.entries(known).flatMap(([outcome, words]) => words.map((word) => [word, outcome]))))
  const more = words('Verified=Succeeded, rolled_back=cancelled skipped=cancelled')
  t.equal(more.size, 22)
  t.match(Object.fromEntries(more), { verified: 'succeeded', rolled_back: 'cancelled', skipped: 'cancelled', failed: 'failed' })
  t.same([...words('FAILED verified=succeeded')], [['failed', 'failed'], ['verified', 'succeeded']], 'a list with a bare word is the whole list')
  t.match(problems({ TERMINAL_STATUSES: 'failed verified' }), [/verified.*verified=succeeded/])
  for (const wrong of ['verified=', '=failed', 'verified=fine', 'a=b=failed']) t.match(problems({ TERMINAL_STATUSES: wrong }), [/word=outcome/], wrong)
  t.equal(loadConfig({}).RUN_LOST_AFTER_S, undefined)
  t.equal(loadConfig({ RUN_LOST_AFTER_S: '300', TERMINAL_STATUSES: 'verified=succeeded' }).RUN_LOST_AFTER_S, 300)
  for (const without of ['failed', 'lost=cancelled']) t.match(problems({ RUN_LOST_AFTER_S: '300', TERMINAL_STATUSES: without }), [/lost=failed/], without)
})

t.test('Redis is one server, Sentinels or a Cluster', async (t) => {
  t.same(loadConfig({ REDIS_SENTINELS: 'a:1, [::1]:2', REDIS_SENTINEL_MASTER: 'main' }).redis, { kind: 'sentinel', sentinels: [{ host: 'a', port: 1 }, { host: '::1', port: 2 }], master: 'main', url: null })
  t.same(loadConfig({ REDIS_CLUSTER_NODES: 'a:1 b:2', REDIS_URL: 'rediss://u:p@x' }).redis, { kind: 'cluster', nodes: [{ host: 'a', port: 1 }, { host: 'b', port: 2 }], url: 'rediss://u:p@x' })
})

t.test('everything that is wrong with one setting is reported at once', async (t) => {
  const found = problems({ PORT: '70000', LOG_LEVEL: 'loud', REDIS_URL: 'http://x', JWT_SECRET: 'short', RUN_TTL_S: '0', MAX_EVENT_BYTES: 'many', UNKNOWN_RUN: 'maybe', INGEST_PUBSUB: 'perhaps' })
  for (const name of ['PORT', 'LOG_LEVEL', 'REDIS_URL', 'JWT_SECRET', 'RUN_TTL_S', 'MAX_EVENT_BYTES', 'UNKNOWN_RUN', 'INGEST_PUBSUB']) {
    t.equal(found.filter((problem) => problem.startsWith(`${name} `)).length, 1, name)
  }
  t.match(found.join('\n'), 'LOG_LEVEL must be equal to one of the allowed values: fatal, error, warn, info, debug, trace, silent.')
})

t.test('everything that settings contradict each other in is reported at once', async (t) => {
  t.equal(problems({ REDIS_SENTINELS: 'a:1', REDIS_CLUSTER_NODES: 'b:1', WEB_CONCURRENCY: '2', HOST: '0.0.0.0', CORS_ORIGINS: '* https://a.example/', TRUST_PROXY: '1 10.0.0.0/33' }).length, 7)
  const cases: [Record<string, string>, RegExp][] = [
    [{ REDIS_SENTINELS: 'a:1' }, /REDIS_SENTINEL_MASTER/],
    [{ REDIS_SENTINEL_MASTER: 'main' }, /needs REDIS_SENTINELS/],
    [{ JWT_SECRET: SECRET, JWT_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----' }, /only one of/],
    [{ JWT_JWKS_URL: 'https://x' }, /needs JWT_ISSUER/],
    [{ WEB_CONCURRENCY: '2' }, /needs Redis/],
    [{ NODE_ENV: 'production' }, /NODE_ENV=production needs JWT_SECRET/],
    [{ HOST: '0.0.0.0' }, /not a loopback address/],
    [{ CORS_ORIGINS: 'app.example.com' }, /not an origin/],
    [{ TRUST_PROXY: '1' }, /neither an IP address nor a CIDR range/],
    [{ TRUST_PROXY: 'proxy.local' }, /neither an IP address nor a CIDR range/]
  ]
  for (const [environment, problem] of cases) t.match(problems(environment), [problem], JSON.stringify(environment))
  t.same(problems({ NODE_ENV: 'production', JWT_SECRET: SECRET, HOST: '0.0.0.0', DATA_DIR: '/data' }), [])
})

t.test('in production the embedded log is asked for by DATA_DIR', async (t) => {
  const production = { NODE_ENV: 'production', JWT_SECRET: SECRET }
  for (const environment of [production, { ...production, DATA_DIR: '' }]) {
    t.same(problems(environment), ['NODE_ENV=production needs a place for the log: set REDIS_URL, REDIS_SENTINELS or REDIS_CLUSTER_NODES, or DATA_DIR for the embedded log.'])
  }
  for (const place of [{ DATA_DIR: './data' }, { REDIS_URL: 'redis://x' }, { REDIS_CLUSTER_NODES: 'a:1' }]) t.same(problems({ ...production, ...place }), [])
  t.match(problems({ ...production, REDIS_URL: 'http://x' }), [/^REDIS_URL must match/], 'nothing that only follows')
  t.same(problems({}), [])
})

t.test('a variable one or two letters away from a setting is refused with the right name, in development too', async (t) => {
  const cases = {
    REDIS_URI: 'REDIS_URL',
    REDISURL: 'REDIS_URL',
    redis_url: 'REDIS_URL',
    RUN_TTL: 'RUN_TTL_S',
    RUN_TTL_MS: 'RUN_TTL_S',
    JWT_SECRE: 'JWT_SECRET',
    WT_SECRET: 'JWT_SECRET',
    JTW_SERCET: 'JWT_SECRET',
    TERMINAL_STATUS: 'TERMINAL_STATUSES',
    CORS_ORIGIN: 'CORS_ORIGINS',
    DATADIR: 'DATA_DIR',
    NODE_EVN: 'NODE_ENV',
    LOG_LEVL: 'LOG_LEVEL',
    WEB_CONCURENCY: 'WEB_CONCURRENCY',
    REDIS_SENTINEL: 'REDIS_SENTINELS',
    MAX_STREAM: 'MAX_STREAMS',
    PROT: 'PORT',
    HSOT: 'HOST'
  }
  for (const [name, meant] of Object.entries(cases)) {
    t.same(problems({ [name]: 'x' }), [`${name} is not a setting: rename it to ${meant}, or unset it.`], name)
    t.same(problems({ [name]: '' }), [], 'an empty one is not set')
  }
  t.match(problems({ NODE_ENV: 'production', JWT_SECRE: SECRET, REDIS_URI: 'redis://x', HOST: '0.0.0.0' }), [/^JWT_SECRE is/, /^REDIS_URI is/], 'nothing that only follows')
  t.match(problems({ RUN_TTL: 'secret', PORT: 'x' }).join(), /^RUN_TTL is [^,]*, or unset it\.,PORT must be integer\.$/)
  t.notMatch(problems({ JWT_SECRE: 'hunter2' }).join(), 'hunter2')
})

t.test('the variables of systems, shells and platforms are no mistakes', async (t) => {
  const ordinary = [
    'PATH', 'HOME', 'PWD', 'OLDPWD', 'LANG', 'LC_ALL', 'TERM', 'SHELL', 'SHLVL', 'USER', 'LOGNAME', 'HOSTNAME', 'HOSTTYPE', 'HOSTS', 'POST', 'PORTS', 'PORT0', 'PORT_HTTP', 'SORT', 'TZ',
    'TMPDIR', 'MAIL', 'EDITOR', 'DISPLAY', '_', 'NODE', 'NODE_OPTIONS', 'NODE_PATH', 'NODE_VERSION', 'NODE_EXTRA_CA_CERTS', 'YARN_VERSION', 'INIT_CWD', 'npm_config_port', 'npm_package_name',
    'npm_config_user_agent', 'npm_lifecycle_event', 'XDG_DATA_DIRS', 'SASS_PATH', 'META_DIR', 'PGDATA', 'DATABASE_URL', 'POSTGRES_URL', 'MONGO_URL', 'LOGS_DIR', 'CI', 'DEBUG', 'http_proxy', 'HTTPS_PROXY', 'NO_PROXY', 'WEB_MEMORY', 'MEMORY_AVAILABLE', 'DYNO', 'SOURCE_VERSION', 'host', 'port',
    'KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT', 'KUBERNETES_SERVICE_PORT_HTTPS', 'RUNCAST_URL', 'RUNCAST_TOKEN'
  ]
  for (const name of ordinary) {
    t.same(problems({ [name]: '1' }), [], name)
    t.same(loadConfig({ [name]: '1' }).unknownNames, [], name)
  }
  for (const service of ['REDIS', 'RUNCAST', 'JWT', 'RUN', 'DATA', 'REDIS_URL', 'STREAM', 'MAX', 'HOST', 'WORKFLOWS', 'CORS', 'LOG']) {
    const environment = {
      [`${service}_SERVICE_HOST`]: '10.0.0.1',
      [`${service}_SERVICE_PORT`]: '6379',
      [`${service}_SERVICE_PORT_HTTP_API`]: '6379',
      [`${service}_PORT`]: 'tcp://10.0.0.1:6379',
      [`${service}_PORT_6379_TCP`]: 'tcp://10.0.0.1:6379',
      [`${service}_PORT_6379_TCP_PROTO`]: 'tcp',
      [`${service}_PORT_6379_TCP_PORT`]: '6379',
      [`${service}_PORT_6379_TCP_ADDR`]: '10.0.0.1',
      [`${service}_PORT_53_UDP`]: 'udp://10.0.0.1:53'
    }
    t.same(problems(environment), [], service)
    t.same(loadConfig(environment).unknownNames, [], service)
  }
})

t.test('other variables that begin as settings do are known by name', async (t) => {
  t.same(loadConfig({ RUN_ID: '1', REDIS_HOST: 'x', REDIS_PORT: '6379', JWT_KEY: 'x', STREAM_LIMIT: '', UNHEARD_OF: '1', RUNCAST_HOME: 'x' }).unknownNames, ['JWT_KEY', 'REDIS_HOST', 'REDIS_PORT', 'RUNCAST_HOME', 'RUN_ID'])
})

t.test('what is wrong by itself and what contradicts are reported together, and nothing that only follows', async (t) => {
  t.match(problems({ PORT: 'x', HOST: '0.0.0.0', CORS_ORIGINS: '*' }), [/^PORT /, /^CORS_ORIGINS /, /^HOST /])
  t.match(problems({ JWT_SECRET: 'short', HOST: '0.0.0.0', NODE_ENV: 'production' }), [/^JWT_SECRET /])
})

t.test('a .env file is read, and what the environment says wins', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'runcast-config-'))
  const before = process.cwd()
  t.teardown(async () => {
    process.chdir(before)
    delete process.env['RUN_TTL_S']
    await rm(directory, { recursive: true })
  })
  await writeFile(join(directory, '.env'), 'PORT=4711\nRUN_TTL_S=60\n')
  process.chdir(directory)
  process.env['RUN_TTL_S'] = '90'
  t.match(loadConfig(), { PORT: 4711, RUN_TTL_S: 90 })
  t.match(loadConfig({}), { PORT: 3000 })
  await writeFile(join(directory, '.env'), 'REDIS_URI=redis://x\nRUN_ID=1\nRUN_TTL=\n')
  t.throws(() => loadConfig(), /REDIS_URI is not a setting: rename it to REDIS_URL, or unset it\.$/)
  await writeFile(join(directory, '.env'), 'RUN_ID=1\n')
  t.ok(loadConfig().unknownNames.includes('RUN_ID'))
  await writeFile(join(directory, '.env'), 'PORT=x\nHOST=0.0.0.0\n')
  t.throws(() => loadConfig(), /PORT must be integer\.\n.*HOST 0\.0\.0\.0 is not/)
})

t.test('every setting says what it is', async (t) => {
  for (const [name, schema] of Object.entries(SettingsSchema.properties)) {
    t.ok('description' in schema && String(schema.description).endsWith('.'), name)
  }
})

t.test('loopback addresses are those of this machine alone', async (t) => {
  for (const host of ['localhost', '127.0.0.1', '127.8.9.1', '::1']) t.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '128.0.0.1', '127.evil.com', 'example.com']) t.notOk(isLoopback(host), host)
})

t.test('the path of a shared host is a path, and no address of the service itself', async (t) => {
  t.equal(loadConfig({}).BASE_PATH, '')
  t.equal(loadConfig({ BASE_PATH: '/' }).BASE_PATH, '')
  t.equal(loadConfig({ BASE_PATH: '/team/runcast/' }).BASE_PATH, '/team/runcast')
  for (const path of ['runcast', '//evil.example', '/a b', 'https://example.com/runcast']) t.match(problems({ BASE_PATH: path }), [/^BASE_PATH is a path/], path)
  t.match(problems({ BASE_PATH: '/api/runcast' }), [/^BASE_PATH \/api\/runcast begins like an address of the service/])
})
