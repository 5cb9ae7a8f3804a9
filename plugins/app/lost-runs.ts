import fp from 'fastify-plugin'
import { throttledLog } from '../../services/logging/throttled-log.ts'
import { startEndingLostRuns } from '../../services/run-log/lost-runs.ts'

/** The least time between two log lines that say that silent runs can not be ended, in milliseconds. */
const COMPLAINT_MS = 5_000

/** Ends runs whose publishers have fallen silent, if RUN_LOST_AFTER_S is set. */
export default fp(async (fastify) => {
  const { config, runLog, log } = fastify
  const { RUN_LOST_AFTER_S: seconds, terminalStatuses } = config
  if (seconds === undefined) return
  const complain = throttledLog((fields, message) => log.warn(fields, message), COMPLAINT_MS)
  let stop = async () => {}
  fastify.onStart(async () => {
    stop = startEndingLostRuns({
      log: runLog,
      lostAfterMs: seconds * 1000,
      terminalStatuses,
      onLost: ({ runId }) => log.info({ run_id: runId }, 'a run has ended as lost'),
      failed: (error) => complain({ err: error }, 'silent runs can not be ended')
    })
  })
  fastify.addHook('onClose', () => stop())
}, { name: 'lost-runs', fastify: '5.x', dependencies: ['config', 'run-log', 'shutdown'] })
