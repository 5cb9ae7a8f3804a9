import t from 'tap'
import { faultsOf, placeFaults } from '../../../ui/src/start/input-faults.ts'
import { fieldsOf } from '../../../ui/src/start/input-fields.ts'

const SCHEMA = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 2 },
    'a/b': { type: 'object', required: ['c'], properties: { c: { type: 'integer' } } }
  }
}

t.test('each fault is told at its field', async (t) => {
  t.same(faultsOf(SCHEMA, { name: 'Ada', 'a/b': { c: 1 } }), [])
  t.same(faultsOf(SCHEMA, {}), [{ path: '/name', message: 'This is needed.' }])
  t.same(faultsOf(SCHEMA, { name: 'A', 'a/b': {} }).map(({ path }) => path), ['/name', '/a~1b/c'])
  t.same(faultsOf(SCHEMA, { name: 1 }).map(({ path }) => path), ['/name'])
})

t.test('without a valid schema there is no fault: the service has the last word', async (t) => {
  for (const schema of [null, true, 'text', [1]]) t.same(faultsOf(schema, { name: 1 }), [])
  t.equal(faultsOf(false, {}).length, 1)
})

t.test('a fault is shown at its field, else at the nearest one around it, else by itself', async (t) => {
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string' },
      group: { type: 'object', properties: { count: { type: 'integer' } } },
      options: { type: 'object', additionalProperties: { type: 'object' } }
    }
  }
  const placed = (...faults: Array<[path: string, message: string]>) => placeFaults(fieldsOf(schema), faults.map(([path, message]) => ({ path, message })))
  t.same(placed(['/name', 'Too short.'], ['/group', 'Bad.'], ['/group/count', 'Too many.']), { fields: { '/name': 'Too short.', '/group': 'Bad.', '/group/count': 'Too many.' }, rest: null })
  t.same(placed(['/options/a/b', 'This is needed.'], ['/options', 'Bad.'], ['/group/other', 'Not allowed.']), { fields: { '/options': '/a/b: This is needed. Bad.', '/group': '/other: Not allowed.' }, rest: null })
  t.same(placed(['', 'Nothing fits.'], ['/names', 'Not allowed.']), { fields: {}, rest: 'Nothing fits. /names: Not allowed.' })
  t.same(placeFaults(fieldsOf(null), [{ path: '/deep', message: 'Bad.' }]), { fields: { '': '/deep: Bad.' }, rest: null })
})
