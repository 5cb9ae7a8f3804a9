import t from 'tap'
import { startPetStore } from './pet-store.ts'
import { startConformance } from './scenario.ts'

// The scenarios on calls of https://github.com/serverlessworkflow/specification/tree/main/ctk/features, by their names.

const { execute } = await startConformance(t)
const store = await startPetStore(t)

t.test('call: Call HTTP With Content Output', async (t) => {
  const { status, output } = await execute(`
do:
  - findPet:
      call: http
      with: { method: get, endpoint: { uri: '${store}/pet/findByStatus?status={status}' } }
      output: { as: '.[0]' }`, { status: 'available' })
  t.equal(status, 'succeeded')
  t.match(output, { id: Number, name: String, status: 'available' })
})

t.test('call: Call HTTP With Response Output', async (t) => {
  const { status, output } = await execute(`
do:
  - getPet:
      call: http
      with: { method: get, endpoint: { uri: '${store}/pet/{petId}' }, output: response }`, { petId: 1 })
  t.equal(status, 'succeeded')
  t.match(output, {
    request: { method: String, uri: String, headers: Object },
    headers: Object,
    statusCode: 200,
    content: { id: 1, name: String, status: String }
  })
})

t.test('call: Call HTTP Using Basic Authentication', async (t) => {
  const definition = `
do:
  - login:
      call: http
      with:
        method: get
        endpoint:
          uri: ${store}/basic-auth/{username}/{password}
          authentication: { basic: { username: '\${ .username }', password: '\${ .password }' } }`
  t.equal((await execute(definition, { username: 'serverless-workflow', password: 'conformance-test' })).status, 'succeeded')
})

t.test('data-flow: Output Filtering', async (t) => {
  const { status, output } = await execute(`
do:
  - getPet:
      call: http
      with: { method: get, endpoint: { uri: '${store}/pet/{petId}' } }
      output: { as: .id }`, { petId: 1 })
  t.equal(status, 'succeeded')
  t.equal(output, 1)
})

t.test('data-flow: Use Non-object Output', async (t) => {
  const { status, output } = await execute(`
do:
  - getPetById1:
      call: http
      with: { method: get, endpoint: { uri: '${store}/pet/{petId}' } }
      output: { as: .id }
  - getPetById2:
      call: http
      with: { method: get, endpoint: { uri: '${store}/pet/2' } }
      output: { as: '{ ids: [ $input, .id ] }' }`, { petId: 1 })
  t.equal(status, 'succeeded')
  t.same(output, { ids: [1, 2] })
})

/** The definition of the scenarios on caught errors. */
function tryPet (caughtStatus: number): string {
  return `
do:
  - tryGetPet:
      try:
        - getPet:
            call: http
            with: { method: get, endpoint: { uri: '${store}/pet/getPetByName/{petName}' } }
      catch:
        errors: { with: { type: 'https://serverlessworkflow.io/dsl/errors/types/communication', status: ${caughtStatus} } }
        as: err
        do:
          - setError: { set: { error: '\${ $err }' } }`
}

t.test('try: Try Handle Caught Error', async (t) => {
  const { status, output } = await execute(tryPet(404), { petName: 'Milou' })
  t.equal(status, 'succeeded')
  t.match(output, { error: { type: String, status: 404, title: String, instance: '/do/0/tryGetPet/try/0/getPet' } })
})

t.test('try: Try Raise Uncaught Error', async (t) => {
  const { status, error } = await execute(tryPet(503), { petName: 'Milou' })
  t.equal(status, 'failed')
  t.match(error, { status: 404, instance: '/do/0/tryGetPet/try/0/getPet' })
})

for (const [scenario, parameters] of [
  ['Call OpenAPI With Content Output', 'operationId: findPetsByStatus, parameters: { status: "${ .status }" }'],
  ['Call OpenAPI With Response Output', 'operationId: getPetById, parameters: { petId: "${ .petId }" }, output: response']
]) {
  t.test(`call: ${scenario} is not supported: its definition is refused, with the path of the call`, async (t) => {
    const call = execute(`
do:
  - callPetStore: { call: openapi, with: { document: { endpoint: '${store}/swagger.json' }, ${parameters} } }`)
    await t.rejects(call, { name: 'DefinitionError', message: '/do/0/callPetStore/call: Calls of openapi are not supported: use http or mcp.' })
  })
}
