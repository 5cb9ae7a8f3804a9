import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { isProblemError } from '../../services/problems/problem-error.ts'

const SERVICES = join(import.meta.dirname, '../../services')

/** Both stores can be full, with a status of their own and one sentence. */
const SHARED_CODES = new Set(['storage_full'])

/** One error of every class that the catalogues export. */
async function everyError (): Promise<Error[]> {
  const files = readdirSync(SERVICES, { recursive: true, encoding: 'utf8' }).filter((file) => /^(\w+-)?errors\.ts$/.test(basename(file)))
  const modules: Array<Record<string, unknown>> = await Promise.all(files.map((file) => import(pathToFileURL(join(SERVICES, file)).href)))
  return modules.flatMap((module) => Object.values(module).flatMap((value) => {
    const error: unknown = typeof value === 'function' ? Reflect.construct(value, [[]]) : null
    return error instanceof Error ? [error] : []
  }))
}

t.test('each code of the catalogues belongs to one fault, with a sentence for its client', async (t) => {
  const errors = await everyError()
  const told = errors.filter(isProblemError)
  t.ok(told.length > 30)
  const details = new Map<string, string>()
  for (const { code, statusCode, detail } of told) {
    t.match(code, /^[a-z_]+$/)
    t.ok(statusCode >= 400 && statusCode < 600, code)
    if (details.has(code)) t.ok(SHARED_CODES.has(code) && details.get(code) === detail, code)
    details.set(code, detail)
  }
  t.strictSame(errors.filter((error) => !isProblemError(error)).map((error) => Reflect.get(error, 'code')).toSorted(), ['data_dir_in_use', 'fenced', 'not_silent'])
})

t.test('a problem says where the request is at fault, in its own words or in others', async (t) => {
  const { InvalidCursorError } = await import('../../services/run-log/errors.ts')
  const error = new InvalidCursorError().at('query', '/after').at('body', '', 'Another place.')
  t.strictSame(error.errors, [{ in: 'query', path: '/after', detail: error.detail }, { in: 'body', path: '', detail: 'Another place.' }])
  t.equal(error.message, error.detail)
  t.equal(isProblemError(new InvalidCursorError()) && new InvalidCursorError().errors, undefined)
})

t.test('an error without a sentence for clients is no problem', async (t) => {
  for (const error of [null, 'text', new Error('x'), Object.assign(new Error('x'), { statusCode: 400, code: 'x' }), { statusCode: 400, code: 'x', detail: 'x' }]) {
    t.equal(isProblemError(error), false)
  }
})
