// Opens event streams and keeps them until it is killed: leaving-clients.js <host> <port> <path> <token> <count>.
// Prints "open" when all have their first bytes. A program of its own, so that it can run in a network of its own.
import { once } from 'node:events'
import { connect } from 'node:net'

const [host, port, path, token, count] = process.argv.slice(2)

async function open () {
  const socket = connect(Number(port), host)
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  await once(socket, 'data')
  socket.resume()
}

for (let opened = 0; opened < Number(count); opened += 50) await Promise.all(Array.from({ length: 50 }, open))
console.log('open')
