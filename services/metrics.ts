import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

/** The metrics of this process, for Prometheus. No label ever names a run, a subject or a tenant. */
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

  /** Takes the function that reads the figures of the ingest of plain PUBLISH at each scrape. */
  observeIngest (stats: () => { readonly waiting: number, readonly totals: Readonly<Record<string, number>> }): void

  /** The text of a scrape, and its content type. */
  expose (): Promise<{ text: string, contentType: string }>
}

/** Makes the metrics of one process. */
export function createMetrics (): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string) => new Counter({ name: `runcast_${name}`, help, registers: [registry] })
  const gauge = (name: string, help: string, read: () => number) => new Gauge({
    name: `runcast_${name}`,
    help,
    registers: [registry],
    collect () { this.set(read()) }
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
      gauge('open_streams', 'Open streams.', streams)
      gauge('followed_runs', 'Runs with at least one open stream.', topics)
    },
    observeIngest: (stats) => {
      gauge('ingest_waiting_messages', 'Plain PUBLISH messages that wait to be stored.', () => stats().waiting)
      const ingested = new Counter({
        name: 'runcast_ingest_messages_total',
        help: 'Plain PUBLISH messages by what became of them.',
        labelNames: ['outcome'],
        registers: [registry],
        collect () {
          this.reset()
          for (const [outcome, total] of Object.entries(stats().totals)) ingested.inc({ outcome }, total)
        }
      })
    },
    expose: async () => ({ text: await registry.metrics(), contentType: registry.contentType })
  }
}
