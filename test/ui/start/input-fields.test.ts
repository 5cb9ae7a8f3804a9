import t from 'tap'
import { fieldsOf, initialEntries, readInput, type Entries } from '../../../ui/src/start/input-fields.ts'

const SCHEMA = {
  type: 'object',
  required: ['name', 'size'],
  properties: {
    name: { type: 'string', title: 'Name', description: 'Who is greeted.' },
    size: { enum: ['small', 'large', 3], default: 'small' },
    count: { type: 'integer', default: 2 },
    loud: { type: 'boolean', default: true },
    note: { type: 'string', maxLength: 5_000 },
    tags: { type: 'array', items: { type: 'string' } },
    'a/b~c': { type: 'number' },
    where: { type: 'object', required: ['city'], properties: { city: { type: 'string' }, zip: { type: 'string' } } }
  }
}

function read (schema: unknown, changed: Entries = {}) {
  const fields = fieldsOf(schema)
  return readInput(fields, { ...initialEntries(fields), ...changed })
}

t.test('an object has a field for each property, of the kind its schema asks for', async (t) => {
  const fields = fieldsOf(SCHEMA)
  t.same(fields.map(({ path, kind, isRequired }) => [path, kind, isRequired]), [
    ['/name', 'text', true], ['/size', 'choice', true], ['/count', 'number', false], ['/loud', 'switch', false],
    ['/note', 'lines', false], ['/tags', 'json', false], ['/a~1b~0c', 'number', false], ['/where', 'group', false]
  ])
  t.equal(fields[0]?.label, 'Name')
  t.equal(fields[0]?.description, 'Who is greeted.')
  t.same(fields[1]?.choices, ['"small"', '"large"', '3'])
  t.same(fields[7]?.fields.map(({ path }) => path), ['/where/city', '/where/zip'])
})

t.test('the defaults make the input, and empty fields are left out', async (t) => {
  t.same(read(SCHEMA), { value: { size: 'small', count: 2, loud: true }, faults: {} })
})

t.test('entries become values of the types in the schema', async (t) => {
  const { value, faults } = read(SCHEMA, {
    '/name': 'Ada', '/size': '3', '/count': ' 12 ', '/loud': false, '/tags': '["a", 1]', '/a~1b~0c': '1.5', '/where/city': 'Bern'
  })
  t.same(value, { name: 'Ada', size: 3, count: 12, loud: false, tags: ['a', 1], 'a/b~c': 1.5, where: { city: 'Bern' } })
  t.same(faults, {})
})

t.test('an entry that can not be read is a fault of its field', async (t) => {
  const { faults } = read(SCHEMA, { '/count': 'many', '/tags': '[1,' })
  t.same(Object.keys(faults), ['/count', '/tags'])
})

t.test('a schema that a form can not show is one field for JSON', async (t) => {
  for (const schema of [null, true, {}, { type: 'array' }, { oneOf: [] }, 'nonsense']) {
    t.same(fieldsOf(schema).map(({ path, kind }) => [path, kind]), [['', 'json']])
    t.same(read(schema), { value: undefined, faults: {} })
    t.same(read(schema, { '': '[1, {"a": null}]' }).value, [1, { a: null }])
    t.ok(read(schema, { '': '{' }).faults[''])
  }
  t.same(fieldsOf({ type: 'object', properties: {} }), [])
})

t.test('groups that lie deeper than a form should are fields for JSON', async (t) => {
  const nested = (depth: number): object => ({ type: 'object', properties: depth === 0 ? {} : { inner: nested(depth - 1) } })
  const kinds: string[] = []
  for (let [field] = fieldsOf(nested(10)); field !== undefined; [field] = field.fields) kinds.push(field.kind)
  t.same(kinds, ['group', 'group', 'group', 'json'])
})
