import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { loadConfig } from '../services/config.ts'
import { buildApp, type App } from './helpers/service/app.ts'
import { TEST_SECRET } from './helpers/service/tokens.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

interface Instruction {
  readonly name: string
  readonly value: string
}

/** The stages of the Dockerfile, each from its FROM on. */
function readStages (): Instruction[][] {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '').split('\n')
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const [name = '', ...rest] = line.split(' ')
    return { name, value: rest.join(' ') }
  })
  const starts = instructions.flatMap(({ name }, index) => name === 'FROM' ? [index] : [])
  return starts.map((start, index) => instructions.slice(start, starts[index + 1]))
}

const stages = readStages()
const image = stages.at(-1) ?? []
const valueOf = (name: string) => image.find((instruction) => instruction.name === name)?.value ?? ''

/** A command in exec form, which no shell stands between: signals reach it. */
function execForm (text: string): string[] {
  const command: unknown = JSON.parse(text)
  if (!Array.isArray(command)) throw new TypeError('not in exec form')
  return command.map(String)
}

t.test('every stage is on the same slim Node 24, and the last one has production dependencies only', async (t) => {
  const bases = stages.map(([from]) => from?.value.replace(/ AS .*/, '')).filter((base) => base !== 'packages')
  t.match(bases, [/^node:24-[a-z]+-slim$/, bases[0]])
  const [dependencies] = stages.filter(([from]) => from?.value.endsWith(' AS dependencies'))
  t.match(dependencies?.find(({ name }) => name === 'RUN')?.value, /^npm ci --omit=dev --ignore-scripts --include-workspace-root --workspace=bin --workspace=packages\/engine$/)
  t.match(image.filter(({ name, value }) => name === 'COPY' && value.includes('node_modules')), [
    { value: '--from=dependencies /app/node_modules node_modules' },
    { value: '--from=dependencies /app/packages/engine/node_modules packages/engine/node_modules' }
  ])
})

t.test('the service runs as a user that is known not to be root, and gets its signals itself', async (t) => {
  t.match(valueOf('USER'), /^[1-9]\d*(:[1-9]\d*)?$/)
  t.equal(execForm(valueOf('CMD'))[0], 'node')
  t.match(valueOf('ENV'), /\bNODE_ENV=production\b/)
})

t.test('the image does not ask for the embedded log, and has a folder for it', async (t) => {
  const settings = Object.fromEntries(valueOf('ENV').split(' ').map((pair) => pair.split('=', 2)))
  t.throws(() => loadConfig({ ...settings, JWT_SECRET: TEST_SECRET }), /NODE_ENV=production needs a place for the log: set REDIS_URL, .*, or DATA_DIR for the embedded log\.$/)
  t.equal(loadConfig({ ...settings, JWT_SECRET: TEST_SECRET, DATA_DIR: valueOf('VOLUME') }).redis, null)
})

t.test('what is copied is there, and in the build context where it comes from there', async (t) => {
  const context = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  for (const path of context) t.ok(existsSync(join(ROOT, path)), `.dockerignore: ${path}`)
  for (const { value } of stages.flat().filter(({ name }) => name === 'COPY')) {
    const words = value.split(' ')
    const isFromStage = words[0]?.startsWith('--from=') === true
    for (const source of words.slice(isFromStage ? 1 : 0, -1)) {
      const path = source.replace(/^\/app\//, '')
      t.ok(existsSync(join(ROOT, path)), path)
      if (!isFromStage && path !== '.') t.ok(context.includes(path.split('/')[0] ?? ''), `in the context: ${path}`)
    }
  }
})

t.test('the health check tells a service that answers from one that does not', async (t) => {
  const [, command = ''] = / CMD (.*)$/.exec(valueOf('HEALTHCHECK')) ?? []
  const [program, ...args] = execForm(command)
  t.equal(program, 'node')
  const check = async ({ url }: App) => {
    const child = spawn(process.execPath, args, { env: { PORT: new URL(url).port }, stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    return Number(code)
  }
  const app = await buildApp(t)
  t.equal(await check(app), 0)
  await app.close()
  t.equal(await check(app), 1)
})
