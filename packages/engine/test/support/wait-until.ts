import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits until a condition holds, asking every few milliseconds.
 *
 * @param words say the condition, for the error
 * @throws Error when it does not hold within `timeoutMs`
 */
export async function waitUntil (words: string, condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${words}`)
    await delay(5)
  }
}
