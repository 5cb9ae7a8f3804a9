import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Registry, type Aggregator, type PrometheusContentType } from 'prom-client'

/** The figures of the ingest of plain PUBLISH. */
export interface IngestFigures {
  readonly role: string
  readonly waiting: number
  /** Messages by what became of them. */
  readonly totals: Readonly<Record<string, number>>
  /** Messages that were stored all the same, by their faults. */
  readonly mended: Readonly<Record<string, number>>
}

/** One metric in a report, with its values beside. */
export interface ReportedMetric {
  readonly name: string
  /** Such as counter, gauge or histogram. */
  readonly type: string
  /** The way in which the values of several processes make one. */
  readonly aggregator: string
}

/** The metrics of one process, for Prometheus. No label ever names a run, a subject or a tenant. */
export interface Metrics {
  /** Events that this process appended for publishers over HTTP. */
  readonly appendedEvents: Counter
  /** Publish requests whose events were in the log already. */
  readonly duplicatePublishes: Counter
  /** Events that topics fetched from the log because a live message was missing. */
  readonly repairedEvents: Counter
  readonly streamGaps: Counter<'reason'>
  /** Followers that left the live lane because they were too slow. */
  readonly laneFallbacks: Counter

  /** Takes the functions that count open streams and followed runs at each scrape. */
  observeOpenStreams (streams: () => number, topics: () => number): void

  /** Takes the function that reads the readiness at each scrape: whether the process is ready, and the reason when not all is well. */
  observeReadiness (readiness: () => { readonly isReady: boolean, readonly reason: string }): void

  /** Takes the function that reads the figures of the ingest of plain PUBLISH at each scrape. */
  observeIngest (stats: () => IngestFigures): void

  /** The values now. */
  report (): Promise<ReportedMetric[]>
}

/**
 * The joined values of Node's own metrics that are no sums. The sums, such as memory and open files, stay as they are:
 * the limit of open files is a sum too, so that the share in use is right.
 */
const AGGREGATORS: Readonly<Record<string, Aggregator>> = {
  process_start_time_seconds: 'min',
  nodejs_eventloop_lag_seconds: 'max',
  nodejs_eventloop_lag_mean_seconds: 'max',
  nodejs_eventloop_lag_stddev_seconds: 'max',
  nodejs_eventloop_lag_p50_seconds: 'max',
  nodejs_eventloop_lag_p90_seconds: 'max',
  nodejs_eventloop_lag_p99_seconds: 'max'
}

/** Makes the metrics of one process. */
export function createMetrics (): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string) => new Counter({ name: `runcast_${name}`, help, registers: [registry] })
  const gauge = (name: string, help: string, aggregator: Aggregator, read: () => number) => new Gauge({
    name: `runcast_${name}`,
    help,
    aggregator,
    registers: [registry],
    collect () { this.set(read()) }
  })
  const totals = (name: string, help: string, label: string, read: () => Readonly<Record<string, number>>) => new Counter({
    name: `runcast_${name}`,
    help,
    labelNames: [label],
    registers: [registry],
    collect () {
      this.reset()
      for (const [value, total] of Object.entries(read())) this.inc({ [label]: value }, total)
    }
  })
  return {
    appendedEvents: counter('appended_events_total', 'Events appended for publishers over HTTP.'),
    duplicatePublishes: counter('duplicate_publishes_total', 'Publish requests whose events were in the log already.'),
    repairedEvents: counter('repaired_events_total', 'Events fetched from the log because a live message was missing.'),
    streamGaps: new Counter({
      name: 'runcast_stream_gaps_total', help: 'Gaps that followers were told of.', labelNames: ['reason'], registers: [registry]
    }),
    laneFallbacks: counter('lane_fallbacks_total', 'Followers that left the live lane because they were too slow.'),
    observeOpenStreams: (streams, topics) => {
      gauge('open_streams', 'Open streams.', 'sum', streams)
      gauge('followed_runs', 'Runs with at least one open stream, in each process.', 'sum', topics)
    },
    observeReadiness: (readiness) => {
      const ready = new Gauge({
        name: 'runcast_ready',
        help: '1 while the process is ready, else 0. The reason is empty while all is well.',
        labelNames: ['reason'],
        aggregator: 'min',
        registers: [registry],
        collect () {
          this.reset()
          const { isReady, reason } = readiness()
          ready.set({ reason }, isReady ? 1 : 0)
        }
      })
    },
    observeIngest: (stats) => {
      gauge('ingest_lease', '1 on the process that stores plain PUBLISH messages, else 0.', 'sum', () => stats().role === 'holder' ? 1 : 0)
      // Every process keeps a copy of each message that waits.
      gauge('ingest_waiting_messages', 'Plain PUBLISH messages that wait to be stored.', 'max', () => stats().waiting)
      totals('ingest_messages_total', 'Plain PUBLISH messages by what became of them.', 'outcome', () => stats().totals)
      totals('ingest_mended_messages_total', 'Plain PUBLISH messages that were stored in spite of a fault.', 'reason', () => stats().mended)
    },
    report: async () => (await reportOf(registry)).map((metric) => ({ ...metric, aggregator: AGGREGATORS[metric.name] ?? metric.aggregator }))
  }
}

/**
 * Makes the text of a scrape from the reports of all processes.
 *
 * @param reports each of `Metrics.report`; anything else is left out
 * @returns the text, and its content type
 */
export async function exposeMetrics (reports: readonly unknown[]): Promise<{ text: string, contentType: string }> {
  const joined = join(reports.filter(isReport))
  return { text: await joined.metrics(), contentType: joined.contentType }
}

/**
 * Adds up the parts of reports that only grow, for processes that have ended.
 *
 * @returns a report
 */
export async function addUpTotals (reports: readonly unknown[]): Promise<ReportedMetric[]> {
  const totals = reports.filter(isReport).map((report) => report.filter(({ type }) => type === 'counter' || type === 'histogram'))
  return reportOf(join(totals))
}

async function reportOf (registry: Registry): Promise<ReportedMetric[]> {
  // The types of prom-client say that the type of a metric is a number; it is a word.
  const metrics: object[] = await registry.getMetricsAsJSON()
  return metrics.filter(isReportedMetric)
}

function join (reports: ReportedMetric[][]): Registry<PrometheusContentType> {
  return AggregatorRegistry.aggregate<PrometheusContentType>(reports)
}

function isReport (value: unknown): value is ReportedMetric[] {
  return Array.isArray(value) && value.every(isReportedMetric)
}

function isReportedMetric (value: unknown): value is ReportedMetric {
  return typeof value === 'object' && value !== null && ['name', 'type', 'aggregator'].every((name) => typeof Reflect.get(value, name) === 'string')
}
