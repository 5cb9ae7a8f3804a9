import { logEvent, resultEvent, statusEvent, type PublishedEvent } from './ui-service.ts'

const GREEN = '\u001b[32m'
const CYAN = '\u001b[36m'
const YELLOW = '\u001b[33m'
const RED = '\u001b[31m'
const BOLD = '\u001b[1m'
const PLAIN = '\u001b[0m'

/** A run as one sees them: steps with lines of their own, and results. It trains a model and is not over. */
export function trainingRun (): PublishedEvent[] {
  const losses = Array.from({ length: 24 }, (_, epoch) => Number((2.4 * Math.exp(-epoch / 7) + 0.18 + 0.03 * Math.sin(epoch * 2.1)).toFixed(4)))
  return [
    statusEvent('running', { name: 'Train the churn model' }),
    statusEvent('running', { step: 'prepare' }),
    logEvent(`${BOLD}Reading 4 sources${PLAIN}`, { step: 'prepare' }),
    ...['customers', 'invoices', 'tickets', 'events'].flatMap((source, index) => [
      statusEvent('running', { step: `prepare/${source}` }),
      logEvent(`${CYAN}${source.padEnd(10)}${PLAIN} ${(index + 1) * 48_213} rows in ${130 + index * 70} ms`, { step: `prepare/${source}` }),
      statusEvent('succeeded', { step: `prepare/${source}` })
    ]),
    logEvent('12 rows of tickets have no customer and are left out', { step: 'prepare', level: 'warning' }),
    statusEvent('succeeded', { step: 'prepare' }),
    resultEvent(['customers', 'invoices', 'tickets', 'events'].map((source, index) => ({ source, rows: (index + 1) * 48_213, 'left out': index === 2 ? 12 : 0 })), 'application/json', { step: 'prepare', final: true }),
    statusEvent('running', { step: 'train' }),
    ...losses.flatMap((loss, epoch) => [
      logEvent(`epoch ${String(epoch + 1).padStart(2)}/40  loss ${loss.toFixed(4)}  ${GREEN}accuracy ${(0.97 - loss / 6).toFixed(3)}${PLAIN}`, { step: 'train' }),
      logEvent(`gradient norm ${(loss * 1.7).toFixed(3)}, learning rate ${(0.01 * 0.95 ** epoch).toExponential(2)}`, { step: 'train', level: 'debug' })
    ]),
    logEvent(`${YELLOW}The learning rate is lowered: no progress for 3 epochs${PLAIN}`, { step: 'train', level: 'warning' }),
    resultEvent(losses.map((loss, epoch) => ({ epoch: epoch + 1, loss, accuracy: Number((0.97 - loss / 6).toFixed(3)) })), 'application/json', { step: 'train' })
  ]
}

/** A run that has failed, with its first error before many other lines. */
export function failedRun (): PublishedEvent[] {
  return [
    statusEvent('running', { name: 'Release 4.2.0' }),
    statusEvent('running', { step: 'test' }),
    ...Array.from({ length: 40 }, (_, index) => logEvent(`${GREEN}ok${PLAIN} ${index + 1} - case ${index + 1}`, { step: 'test' })),
    logEvent(`${RED}not ok 41 - the invoice has the tax of its country${PLAIN}`, { step: 'test', level: 'error' }),
    ...Array.from({ length: 20 }, (_, index) => logEvent(`    at check (src/invoice-${index}.ts:${index + 10}:3)`, { step: 'test', stream: 'stderr' })),
    statusEvent('failed', { step: 'test', error: '1 of 61 cases failed' }),
    resultEvent('# Tests\n\n1 of 61 cases **failed**: the invoice has the tax of its country.\n\n| part | passed | failed |\n| --- | --: | --: |\n| invoices | 40 | 1 |\n| tickets | 20 | 0 |\n\n- [x] build\n- [ ] release\n', 'text/markdown', { final: true }),
    statusEvent('failed', { error: { message: 'The step test failed: 1 of 61 cases' } })
  ]
}

/** Short runs of several kinds, by their ids. */
export function smallRuns (): Map<string, PublishedEvent[]> {
  return new Map([
    ['nightly-backup-0412', [statusEvent('running', { name: 'Nightly backup' }), logEvent('3 of 3 volumes stored'), statusEvent('succeeded')]],
    ['import-9917', [statusEvent('running', { name: 'Import the price list' }), logEvent('line 18,204 of 22,000'), statusEvent('cancelled')]],
    ['report-2231', [statusEvent('running', { name: 'Monthly report' }), logEvent('the database did not answer within 30 s', { level: 'error' }), statusEvent('timed_out', { error: 'the database did not answer within 30 s' })]],
    ['tune-ranking-3', [statusEvent('running', { name: 'Tune the ranking' }), logEvent('7 of 20 trials done'), ...[0.71, 0.74].map((score) => resultEvent({ score, model: 'linear' }, 'application/json'))]],
    ['index-77', [statusEvent('running', { name: 'Rebuild the search index' }), logEvent('shard 3 of 8')]],
    ['thumbnails-5', [statusEvent('queued', { name: 'Thumbnails of the new pictures' })]],
    ['deploy-staging', [statusEvent('running', { name: 'Deploy to staging' }), logEvent('all 6 replicas are ready'), statusEvent('succeeded')]]
  ])
}
