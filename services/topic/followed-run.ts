/** A run as some of its followers see it. */
export interface FollowedRun {
  readonly runId: string
  /** '' for none. */
  readonly tenant: string
  /** The path below which these followers see the service; '' for the root of its host. */
  readonly basePath: string
}
