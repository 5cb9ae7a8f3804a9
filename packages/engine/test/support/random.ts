/** Makes a repeatable source of chance: the same seed gives the same numbers from 0 to below 1 (mulberry32). */
export function seededRandom (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Gives the seed of a randomised test, to be printed: SEED from the environment repeats a run, else it is a new one. */
export function testSeed (): number {
  return Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
}
