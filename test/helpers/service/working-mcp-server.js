// An MCP server whose tool tells how far it is, and works until there is a file `go` in the directory that it is given.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const directory = process.argv[2] ?? ''
const server = new McpServer({ name: 'working', version: '1.0.0' }, { capabilities: { logging: {} } })

server.registerTool('work', { description: 'Works until it is let go.' }, async ({ _meta, sendNotification }) => {
  const progressToken = _meta?.progressToken
  await server.server.sendLoggingMessage({ level: 'info', data: 'halfway there' })
  if (progressToken !== undefined) await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 2 } })
  while (!existsSync(join(directory, 'go'))) await delay(50)
  writeFileSync(join(directory, 'over'), '')
  return { content: [{ type: 'text', text: 'worked' }] }
})

await server.connect(new StdioServerTransport())
