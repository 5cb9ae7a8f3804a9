import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const START_DEADLINE_MS = 60_000

/** Thrown when a request was not answered in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** A worker thread that answers one request after the other. */
export interface DeadlineWorker<Request, Reply> {
  /**
   * Sends a request. Those that wait for their turn are not affected by what happens to others.
   *
   * @throws DeadlineError when the answer takes longer than the deadline, counted from the request's turn; its thread is ended and the next request has a new one
   * @throws Error when the thread fails, or is closed
   */
  ask (request: Request): Promise<Reply>
  close (): Promise<void>
}

/**
 * Makes a worker, whose thread starts with the first request. It does not keep the process alive.
 *
 * @param file the module of the thread; it posts one message when it is ready, then one for each request
 * @param deadlineMs for one request
 */
export function createDeadlineWorker<Request, Reply> (file: URL, deadlineMs: number): DeadlineWorker<Request, Reply> {
  let thread: Worker | null = null
  let turn: Promise<unknown> = Promise.resolve()
  let isClosed = false

  async function perform (request: Request): Promise<Reply> {
    if (isClosed) throw new Error('The worker is closed.')
    try {
      thread ??= await start(file)
      const reply = nextMessage<Reply>(thread, deadlineMs)
      thread.postMessage(request)
      return await reply
    } catch (error) {
      await thread?.terminate()
      thread = null
      throw error
    }
  }

  return {
    ask (request) {
      const reply = turn.then(async () => await perform(request))
      turn = reply.catch(() => {})
      return reply
    },
    async close () {
      isClosed = true
      await thread?.terminate()
      await turn
    }
  }
}

async function start (file: URL): Promise<Worker> {
  const thread = new Worker(file)
  thread.unref()
  try {
    await nextMessage(thread, START_DEADLINE_MS)
    return thread
  } catch (error) {
    await thread.terminate()
    throw error
  }
}

async function nextMessage<Message> (thread: Worker, deadlineMs: number): Promise<Message> {
  const over = new AbortController()
  const { signal } = over
  let isLate = false
  // A message that came while the event loop was blocked is delivered before an immediate.
  const timer = setTimeout(() => setImmediate(() => { isLate = true; over.abort() }), deadlineMs)
  const ended = once(thread, 'exit', { signal }).then(() => { throw new Error('The worker ended.') })
  try {
    const [message] = await Promise.race([once(thread, 'message', { signal }), ended])
    return message
  } catch (cause) {
    throw isLate ? new DeadlineError(`There was no answer within ${deadlineMs} ms.`) : cause
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}
