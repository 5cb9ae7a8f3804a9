// An MCP server over stdio with the misbehaviour that its argument names. It is plain JavaScript: the engine starts it as a program.
import { createInterface } from 'node:readline'

const behaviour = process.argv[2]
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const initialized = ({ id, params }) => send({
  id,
  result: { protocolVersion: params.protocolVersion, capabilities: { tools: {}, logging: {} }, serverInfo: { name: 'misbehaving', version: '1' } }
})

if (behaviour === 'garbage') {
  for (let line = 0; line < 200; line += 1) process.stdout.write('this is no message\n')
}
if (behaviour === 'endless line') {
  const write = () => { while (process.stdout.write('x'.repeat(65_536)));process.stdout.once('drain', write) }
  write()
}
if (behaviour === 'die') process.exit(7)
if (behaviour === 'banner') process.stdout.write('Welcome!\n\n')
if (behaviour === 'stubborn') process.on('SIGTERM', () => {})
process.stderr.write(`pid ${process.pid}\n`)

createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line)
  if (behaviour === 'silent' || message.id === undefined) return
  if (message.method === 'initialize') return initialized(message)
  if (message.method === 'logging/setLevel') return send({ id: message.id, result: {} })
  if (behaviour === 'die when called') process.exit(8)
  if (behaviour === 'stubborn') return
  if (behaviour === 'refuse') return send({ id: message.id, error: { code: -32_602, message: 'no such thing' } })
  if (behaviour === 'fail') return send({ id: message.id, result: { isError: true, content: [{ type: 'text', text: 'the tool broke' }] } })
  if (behaviour === 'large') return send({ id: message.id, result: { content: [{ type: 'text', text: 'x'.repeat(10_000_000) }] } })
  if (behaviour === 'secret') {
    send({ method: 'notifications/message', params: { level: 'alert', data: { text: process.env.GIVEN } } })
    send({ method: 'notifications/progress', params: { progressToken: message.params._meta.progressToken, progress: 1, total: 2, message: process.env.GIVEN } })
  }
  send({ id: message.id, result: { content: [{ type: 'text', text: `called ${message.method}` }], params: message.params } })
})
