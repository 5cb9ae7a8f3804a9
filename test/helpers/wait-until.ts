import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits until a condition holds, asking every few milliseconds.
 *
 * @param what describes the condition, for the error
 * @throws Error when it doesn't hold within `timeoutMs`
 */
export async function waitUntil (what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`)
    await delay(5)
  }
}
