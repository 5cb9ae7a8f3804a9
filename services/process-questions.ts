import cluster, { type Worker } from 'node:cluster'

/** A question that a process asks all processes of the service. */
export type Question = 'metrics' | 'readiness'

/** The time that a process has to answer, in milliseconds. */
const ANSWER_MS = 1_000

/** The time that the answers of all may take to come back through the primary, in milliseconds. */
const ALL_ANSWERS_MS = 5 * ANSWER_MS

/** Answers a question; null when there is no answer yet. */
type Respond = (question: Question) => Promise<unknown>

interface Ask {
  readonly id: number
  readonly ask: Question
}

interface Answer {
  readonly id: number
  readonly answer: unknown
}

/** The processes of the service, as one of them sees them. */
export interface Processes {
  /**
   * Asks all processes, this one too.
   *
   * @returns one answer per process, null for one that has never given any; then what ended processes left
   * @throws Error when the process that joins the answers gives none
   */
  ask (question: Question): Promise<readonly unknown[]>
  /** Sets the answer of this process to a question. */
  answer (question: Question, give: () => Promise<unknown>): void
  /** Ends the answers of this process. */
  leave (): void
}

/** Joins this process with those that share its port; alone it is asked and answers itself. */
export function joinProcesses (): Processes {
  const answers = new Map<Question, () => Promise<unknown>>()
  const respond: Respond = async (question) => await answers.get(question)?.() ?? null
  const answer: Processes['answer'] = (question, give) => { answers.set(question, give) }
  if (cluster.worker === undefined) return { ask: async (question) => [await respond(question)], answer, leave () {} }

  const { worker } = cluster
  const primary = new Peer((message) => sendTo(worker, message), respond)
  const receive = (message: unknown) => primary.receive(message)
  process.on('message', receive)
  return {
    async ask (question) {
      const all = await primary.ask(question, ALL_ANSWERS_MS)
      if (!Array.isArray(all)) throw new Error('The other processes of the service can not be asked.')
      return all
    },
    answer,
    leave () {
      process.off('message', receive)
      primary.close()
    }
  }
}

/** A process that is asked, and its newest answers. */
interface Member {
  readonly peer: Peer
  readonly newest: Map<Question, unknown>
}

/**
 * The primary's side: it asks the processes and joins their answers. A process that does not answer in time counts with
 * its newest answer. The totals of an ended process stay, so that no sum goes backwards when another one takes its place.
 */
export class ProcessRegister {
  readonly #count: number
  readonly #addUp: (reports: readonly unknown[]) => Promise<unknown>
  readonly #members = new Map<number, Member>()
  #ended: Promise<unknown> = Promise.resolve(null)

  /**
   * @param count the number of processes that there should be
   * @param addUp joins the metrics of ended processes to one answer
   */
  constructor (count: number, addUp: (reports: readonly unknown[]) => Promise<unknown>) {
    this.#count = count
    this.#addUp = addUp
  }

  add (worker: Worker): void {
    const peer = new Peer((message) => sendTo(worker, message), (question) => this.#gather(question))
    this.#members.set(worker.id, { peer, newest: new Map() })
    worker.on('message', (message: unknown) => peer.receive(message))
  }

  remove (worker: Worker): void {
    const member = this.#members.get(worker.id)
    if (member === undefined) return
    this.#members.delete(worker.id)
    member.peer.close()
    const last = member.newest.get('metrics')
    if (last !== undefined) this.#ended = this.#ended.then((ended) => this.#addUp([ended, last]))
  }

  async #gather (question: Question): Promise<readonly unknown[]> {
    await Promise.all([...this.#members.values()].map(async ({ peer, newest }) => {
      const answer = await peer.ask(question, ANSWER_MS)
      if (answer !== null) newest.set(question, answer)
    }))
    // One step takes both, so that a process that ends now is in one of them.
    const ended = this.#ended
    const answers = Array.from(this.#members.values(), ({ newest }) => newest.get(question) ?? null)
    while (answers.length < this.#count) answers.push(null)
    return question === 'metrics' ? [...answers, await ended] : answers
  }
}

/** Questions and answers between this process and another one, in both directions. */
class Peer {
  readonly #send: (message: Ask | Answer) => void
  readonly #respond: Respond
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  #lastId = 0

  constructor (send: (message: Ask | Answer) => void, respond: Respond) {
    this.#send = send
    this.#respond = respond
  }

  /** Gives the answer; null when none came in time. */
  async ask (question: Question, timeoutMs: number): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve) => {
      const settle = (answer: unknown) => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(answer)
      }
      const timer = setTimeout(() => settle(null), timeoutMs)
      this.#waiting.set(id, settle)
      this.#send({ id, ask: question })
    })
  }

  /** Takes a message of the other process. Others than questions and answers are not for this class. */
  receive (message: unknown): void {
    if (isAnswer(message)) this.#waiting.get(message.id)?.(message.answer)
    else if (isAsk(message)) this.#answer(message)
  }

  /** Ends every wait. */
  close (): void {
    for (const settle of [...this.#waiting.values()]) settle(null)
  }

  /** Never rejects: a question whose answer fails has none. */
  async #answer ({ id, ask }: Ask): Promise<void> {
    this.#send({ id, answer: await this.#respond(ask).catch(() => null) })
  }
}

/** Sends a message. One that the other process can't get any more is not missed. */
function sendTo (worker: Worker, message: Ask | Answer): void {
  if (worker.isConnected()) worker.send(message, () => {})
}

function isAsk (message: unknown): message is Ask {
  return hasId(message) && 'ask' in message && (message.ask === 'metrics' || message.ask === 'readiness')
}

function isAnswer (message: unknown): message is Answer {
  return hasId(message) && 'answer' in message
}

function hasId (message: unknown): message is { readonly id: number } {
  return typeof message === 'object' && message !== null && 'id' in message && typeof message.id === 'number'
}
