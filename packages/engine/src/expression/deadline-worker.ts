import { Worker } from 'node:worker_threads'

const START_DEADLINE_MS = 60_000

/** Thrown when a request was not answered in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** A worker thread that answers one request after the other. */
export interface DeadlineWorker<Request, Reply> {
  /**
   * Sends a request. A request that waits for its turn is not affected by the failure of another one.
   *
   * @throws DeadlineError when the answer takes longer than the deadline, counted from the request's turn; the thread is ended, and the next request gets a new one
   * @throws Error when the thread fails, or is closed
   */
  ask (request: Request): Promise<Reply>
  close (): Promise<void>
}

/**
 * Makes a worker. Its thread starts with the first request, and does not keep the process alive.
 *
 * @param file the module of the thread; it posts one message when it is ready, then one for each request
 * @param deadlineMs for one request
 */
export function createDeadlineWorker<Request, Reply> (file: URL, deadlineMs: number): DeadlineWorker<Request, Reply> {
  let thread: Thread<Reply> | null = null
  let turn: Promise<unknown> = Promise.resolve()
  let isClosed = false

  async function perform (request: Request): Promise<Reply> {
    if (isClosed) throw new Error('The worker is closed.')
    try {
      thread ??= await start(file)
      const reply = thread.reply(deadlineMs)
      thread.worker.postMessage(request)
      return await reply
    } catch (error) {
      await thread?.worker.terminate()
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
      await thread?.worker.terminate()
      await turn
    }
  }
}

/** A thread and the wait for its messages. */
interface Thread<Reply> {
  readonly worker: Worker
  /** Waits for the next message. @throws DeadlineError, or Error when the thread ends */
  reply (deadlineMs: number): Promise<Reply>
}

async function start<Reply> (file: URL): Promise<Thread<Reply>> {
  const worker = new Worker(file)
  const thread = listen<Reply>(worker)
  try {
    await thread.reply(START_DEADLINE_MS)
    return thread
  } catch (error) {
    await worker.terminate()
    throw error
  }
}

function listen<Reply> (worker: Worker): Thread<Reply> {
  let resolve: (reply: Reply) => void = () => {}
  let reject: (error: Error) => void = () => {}
  worker.on('message', (reply: Reply) => resolve(reply))
  worker.on('error', (error: Error) => reject(error))
  worker.on('exit', () => reject(new Error('The worker ended.')))
  // After the listeners: adding one would keep the process alive again.
  worker.unref()
  return {
    worker,
    reply: (deadlineMs) => new Promise<Reply>((_resolve, _reject) => {
      const tooLate = () => _reject(new DeadlineError(`There was no answer within ${deadlineMs} ms.`))
      // A message that came while the event loop was blocked is delivered before an immediate.
      const timer = setTimeout(() => setImmediate(tooLate), deadlineMs)
      resolve = (reply) => {
        clearTimeout(timer)
        _resolve(reply)
      }
      reject = (error) => {
        clearTimeout(timer)
        _reject(error)
      }
    })
  }
}
