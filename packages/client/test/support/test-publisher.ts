import { createPublisher, type Publisher, type PublisherOptions } from '@runcast/client'
import type { Test } from 'tap'
import type { StandInService } from './stand-in-service.ts'

/** Makes a publisher with short delays, which is closed at the end of the test. */
export function publisherOf (t: Test, service: StandInService, options: Partial<PublisherOptions> = {}): Publisher {
  const publisher = createPublisher({ url: service.url, ...(options.getToken === undefined ? { token: 'secret' } : {}), batchDelayMs: 5, maxRetryDelayMs: 10, ...options })
  t.teardown(() => publisher.close({ timeoutMs: 0 }))
  return publisher
}

/** Makes consecutive numbers. */
export const numbers = (count: number, first = 1): number[] => Array.from({ length: count }, (_, index) => first + index)

/** Reads the stored payloads of a run. */
export const payloads = (service: StandInService, runId: string): unknown[] => service.events(runId).map((event) => JSON.parse(event.data))
