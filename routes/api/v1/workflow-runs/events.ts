import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseCursor, type EventId } from '@runcast/protocol'
import { DEFAULT_PAGE_EVENTS, EventPageQuerySchema, historyContent } from '../../../../schemas/history.ts'
import { problems } from '../../../../schemas/problem.ts'
import { RunParamsSchema } from '../../../../schemas/runs.ts'
import { InvalidCursorError, TwoCursorsError } from '../../../../services/run-log/errors.ts'
import { eventLines, historyJson, ndjsonLines, textLines } from '../../../../services/run-log/history-text.ts'
import { firstPage, pagesFrom, readBackwards, readForwards } from '../../../../services/run-log/history.ts'
import type { From } from '../../../../services/run-log/run-log.ts'

const JSON_TYPE = 'application/json'
const NDJSON_TYPE = 'application/x-ndjson'

/** Reads of a run's log. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { runLog } = fastify

  fastify.get('/:run_id/events', {
    exposeHeadRoute: false,
    onRequest: fastify.requireAccess('runs:read'),
    schema: {
      operationId: 'readEvents',
      tags: ['events'],
      summary: 'Read events of a run',
      description: 'A page as JSON, forwards or backwards. With `Accept: application/x-ndjson` the whole log up to now, or what is after `after`: a line per event, and a line `{"gap": ...}` where events are not kept any more; with `before` the same page as lines.',
      params: RunParamsSchema,
      querystring: EventPageQuerySchema,
      response: {
        200: {
          description: 'A page of the log, or all of it.',
          content: historyContent
        },
        ...problems(400, 401, 403, 404, 503)
      }
    }
  }, async (request, reply) => {
    const { params: { run_id: runId }, access: { tenant }, query: { after, before, limit = DEFAULT_PAGE_EVENTS, event_types: wanted } } = request
    if (after !== undefined && before !== undefined) throw new TwoCursorsError()
    const types = wanted === undefined ? null : new Set(wanted.split(','))
    const from: From = after === undefined ? { at: 'first' } : { at: 'cursor', cursor: cursorOf('after', after) }
    const wantsLines = request.accepts().type([JSON_TYPE, NDJSON_TYPE]) === NDJSON_TYPE
    if (wantsLines && before === undefined) {
      const pages = pagesFrom(runLog, runId, await firstPage(runLog, runId, tenant, from))
      return await reply.type(NDJSON_TYPE).sendText(ndjsonLines(pages, types))
    }
    const page = { runId, tenant, limit, types }
    const history = before === undefined ? await readForwards(runLog, page, from) : await readBackwards(runLog, page, cursorOf('before', before))
    return wantsLines ? await reply.type(NDJSON_TYPE).sendText([eventLines(history.events)]) : await reply.type(JSON_TYPE).send(historyJson(runId, history))
  })

  fastify.get('/:run_id/log', {
    exposeHeadRoute: false,
    onRequest: fastify.requireAccess('runs:read'),
    schema: {
      operationId: 'downloadLog',
      tags: ['events'],
      summary: 'Download the log lines of a run',
      description: 'The `log` events as lines `<ISO time> <LEVEL> <message>`. Where events are not kept any more, a line beginning with # says so.',
      params: RunParamsSchema,
      response: {
        200: {
          description: 'The lines.',
          content: { 'text/plain': { schema: Type.Unsafe<unknown>({ type: 'string', examples: ['2025-11-24T16:00:02.000Z INFO compiling\n'] }) } }
        },
        ...problems(400, 401, 403, 404, 503)
      }
    }
  }, async ({ params: { run_id: runId }, access: { tenant } }, reply) => {
    const pages = pagesFrom(runLog, runId, await firstPage(runLog, runId, tenant, { at: 'first' }))
    // Windows takes no colon in the name of a file.
    reply.type('text/plain; charset=utf-8').header('content-disposition', `attachment; filename="${runId.replaceAll(':', '_')}.log"`)
    return await reply.sendText(textLines(pages))
  })
}

export default routes

function cursorOf (parameter: 'after' | 'before', text: string): EventId {
  const cursor = parseCursor(text)
  if (cursor === null) throw new InvalidCursorError().at('query', `/${parameter}`)
  return cursor
}
