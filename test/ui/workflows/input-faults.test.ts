import t from 'tap'
import { faultsOf } from '../../../ui/src/workflows/input-faults.ts'

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

t.test('no schema, and one that is none, finds no fault: the service has the last word', async (t) => {
  for (const schema of [null, true, 'text', [1]]) t.same(faultsOf(schema, { name: 1 }), [])
  t.equal(faultsOf(false, {}).length, 1)
})
