import t from 'tap'
import { rawRequest } from '../helpers/http/raw-request.ts'
import { buildApp, tokenFor } from '../helpers/service/app.ts'

const IDS = ['manual__2026-01-01T00:00:00+00:00', 'repeat:abc:1', 'a@b', 'a=b', 'a.b_c~d-e', '0', `x${':@+=.~_-'.repeat(24)}yyyyyyy`]

/** Writes each character as %XX. */
function escaped (text: string): string {
  return text.replace(/./g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)
}

t.test('every address of a run takes its id as it is, encoded, and with each character encoded', async (t) => {
  const { url, publish } = await buildApp(t, { END_GRACE_MS: '0' })
  const headers = { authorization: `Bearer ${tokenFor()}` }
  for (const id of IDS) {
    const [last] = await publish(encodeURIComponent(id), [{ event_type: 'status_change', payload: { status: 'succeeded' } }])
    for (const written of [id, encodeURIComponent(id), escaped(id)]) {
      const get = (resource: string, accept = '*/*') => rawRequest(url, `/api/v1/workflow-runs/${written}${resource}`, { headers: { ...headers, accept } })
      t.match(JSON.parse((await get('')).body), { run_id: id, last_event_id: last })
      t.match(JSON.parse((await get('/events')).body), { events: [{ id: last }] })
      t.equal((await get('/log')).headers['content-disposition'], `attachment; filename="${id.replaceAll(':', '_')}.log"`)
      const stream = await get('/stream?last_event_id=1-1', 'text/event-stream')
      t.match(stream.body, `"run_id":"${id}"`)
      t.match(stream.body, `"history_url":"/api/v1/workflow-runs/${encodeURIComponent(id)}/events"`)
      for (const action of ['cancel', 'retry']) {
        const answer = await rawRequest(url, `/api/v1/workflow-runs/${written}/${action}`, { method: 'POST', headers })
        t.equal(answer.status, 409, `${action} finds the run, which is not the engine's`)
      }
    }
  }
})

t.test('lists, their cursors and the globs of tokens take every run id', async (t) => {
  const { call, publish } = await buildApp(t)
  for (const id of IDS) await publish(encodeURIComponent(id), [{ payload: 1 }])
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ limit: '1', ...(cursor !== '' && { cursor }) })
    const page = await (await call(`/api/v1/workflow-runs?${query.toString()}`)).json() as { runs: Array<{ run_id: string }>, cursor: string | null }
    seen.push(...page.runs.map((run) => run.run_id))
    cursor = page.cursor
  }
  t.strictSame(seen.toSorted(), IDS.toSorted())
  const headers = { authorization: `Bearer ${tokenFor({ run_ids: ['manual__*+00:00', 'a@b'] })}` }
  const status = async (id: string) => (await call(`/api/v1/workflow-runs/${encodeURIComponent(id)}`, { headers })).status
  t.equal(await status('manual__2026-01-01T00:00:00+00:00'), 200)
  t.equal(await status('a@b'), 200)
  t.equal(await status('a=b'), 403)
})

t.test('other ids are refused', async (t) => {
  const { call } = await buildApp(t)
  for (const id of [':a', '@a', '+a', '=a', '-a', 'a b', 'a/b', 'a{b', 'a*b', 'ä', 'x'.repeat(201)]) {
    const answer = await call(`/api/v1/workflow-runs/${encodeURIComponent(id)}`)
    t.equal(answer.status, 400, id)
  }
})
