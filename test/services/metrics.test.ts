import t from 'tap'
import { addUpTotals, createMetrics, exposeMetrics } from '../../services/metrics.ts'

async function reportOf (appended: number, streams: number) {
  const metrics = createMetrics()
  metrics.appendedEvents.inc(appended)
  metrics.streamGaps.inc({ reason: 'expired' }, appended)
  metrics.observeOpenStreams(() => streams, () => 1)
  metrics.observeIngest(() => ({ role: 'holder', waiting: streams, totals: { stored: appended }, mended: { not_finite: appended } }))
  return metrics.report()
}

const gauge = (name: string, aggregator: string, value: number) => ({ help: name, name, type: 'gauge', aggregator, values: [{ value, labels: {} }] })

t.test('counters and streams are added, copies and delays are not', async (t) => {
  const [one, other] = [await reportOf(3, 2), await reportOf(4, 5)]
  const { text, contentType } = await exposeMetrics([one, null, other])
  t.match(contentType, /^text\/plain; version=/)
  t.match(text, /^runcast_appended_events_total 7$/m)
  t.match(text, /^runcast_stream_gaps_total\{reason="expired"\} 7$/m)
  t.match(text, /^runcast_ingest_messages_total\{outcome="stored"\} 7$/m)
  t.match(text, /^runcast_ingest_mended_messages_total\{reason="not_finite"\} 7$/m)
  t.match(text, /^runcast_open_streams 7$/m)
  t.match(text, /^runcast_followed_runs 2$/m)
  t.match(text, /^runcast_ingest_waiting_messages 5$/m, 'each process has a copy of the same messages')
  t.match(text, /^process_cpu_seconds_total /m)
  t.match(text, /^nodejs_version_info\{[^}]*\} 1$/m)
  t.equal(text.match(/^# TYPE /mg)?.length, new Set(text.match(/^# TYPE \S+/mg)).size, 'each metric is there once')
})

t.test('every metric says how those of several processes make one', async (t) => {
  const report = await reportOf(1, 1)
  for (const { name, type, aggregator } of report) {
    if (type === 'counter' || type === 'histogram') t.equal(aggregator, 'sum', name)
    else if (/eventloop_lag_(?!min)/.test(name)) t.equal(aggregator, 'max', name)
    else t.ok(['sum', 'min', 'max', 'first'].includes(aggregator), `${name}: ${aggregator}`)
  }
  t.ok(report.length > 20)
  const { text } = await exposeMetrics([[gauge('x_lag', 'max', 1), gauge('x_start', 'min', 5)], [gauge('x_lag', 'max', 3), gauge('x_start', 'min', 4)]])
  t.match(text, /^x_lag 3$/m)
  t.match(text, /^x_start 4$/m)
})

t.test('the totals of ended processes are counters alone, and add up again', async (t) => {
  const ended = await addUpTotals([null, await reportOf(3, 2)])
  const twice = await addUpTotals([ended, await reportOf(4, 9)])
  const { text } = await exposeMetrics([await reportOf(1, 1), twice, 'no report', [{}]])
  t.match(text, /^runcast_appended_events_total 8$/m)
  t.match(text, /^runcast_open_streams 1$/m)
  t.match(text, /^nodejs_gc_duration_seconds_count|^# TYPE nodejs_gc_duration_seconds histogram$/m)
  t.equal((await exposeMetrics([])).text.trim(), '')
})
