/** One thing that is wrong with a value. */
export interface Fault {
  /** JSON pointer into the value, '' for the whole. */
  readonly path: string
  /** Says what is wrong, or what the author of the value should do. */
  readonly message: string
}
