import type { Bench, RunningServer } from '../servers/server.ts'

/** The servers that Runcast is compared with where they can do the same. */
export const PEERS: readonly string[] = ['nchan', 'phys_co', 'phys', 'baseline']

/** A bound for a figure, by itself or as a multiple of the same figure of another server. */
export interface Target {
  /** The name of a server; null for the figure itself. */
  readonly against: string | null
  readonly least?: number
  readonly most?: number
}

/** One number that a scenario gives. */
export interface Figure {
  readonly name: string
  /** As the tables call it, with its unit. */
  readonly title: string
  readonly targets: readonly Target[]
}

/** The figures of one measurement by name, and its faults. */
export interface Sample {
  readonly figures: Readonly<Record<string, number>>
  readonly faults: readonly string[]
  /** The share of its CPU that the server used, and the share that it lost to something else, 0 to 1. */
  readonly busy: number
  readonly disturbed: number
}

/** Something to measure on several servers. */
export interface Scenario {
  readonly name: string
  /** The work that is measured, in a sentence. */
  readonly description: string
  /** The server that has to reach the targets. */
  readonly subject: string
  /** The servers that it is compared with. */
  readonly peers: readonly string[]
  readonly figures: readonly Figure[]
  /** True when events published in Redis must reach the followers of Runcast. */
  readonly ingests: boolean
  measure (bench: Bench, server: RunningServer): Promise<Sample>
}
