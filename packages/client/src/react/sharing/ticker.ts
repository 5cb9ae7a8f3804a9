/** Calls back in a task of its own, as soon as possible. */
export interface Ticker {
  tick (): void
  stop (): void
}

/** Makes a ticker. Unlike a timer it is also prompt in tabs out of view. */
export function createTicker (callback: () => void): Ticker {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = callback
  return {
    tick: () => port2.postMessage(null),
    stop: () => port1.close()
  }
}
