import { randomUUID } from 'node:crypto'
import { ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { PROBLEM_MEDIA_TYPE } from '../../schemas/problem.ts'
import { problemOfStatus } from '../../services/problems/problem.ts'

/** The time that a client has to read why its connection was refused, in milliseconds. */
const LAST_WORD_MS = 2_000

/**
 * Answers bytes that are no HTTP request, or never became one, with a problem document, and ends the connection.
 *
 * @see https://nodejs.org/api/http.html#event-clienterror
 */
export function refuseSocket (error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || isAnswering(socket)) {
    socket.destroy()
    return
  }
  socket.end(rawProblem(statusOf(error.code)))
  // A client that sent no request may never hang up by itself.
  socket.setTimeout(LAST_WORD_MS, () => socket.destroy())
}

/**
 * Tells if an answer has begun, as on an open stream: a refusal in the middle would be taken for a part of it.
 * Node's own handler looks in the same place.
 */
function isAnswering (socket: Socket): boolean {
  const answer: unknown = Reflect.get(socket, '_httpMessage')
  return answer instanceof ServerResponse && answer.headersSent
}

function statusOf (code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
}

function rawProblem (status: number): string {
  const body = JSON.stringify(problemOfStatus(status, randomUUID()))
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}
