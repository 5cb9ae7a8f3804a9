import t from 'tap'
import { firstRunCommands } from '../../../ui/src/monitor/first-run-commands.ts'

t.test('on the machine of the service the commands need no settings', async (t) => {
  for (const hostname of ['localhost', '127.0.0.1', '[::1]']) {
    const [exec, publish] = firstRunCommands({ hostname, origin: `http://${hostname}:3000` }, '')
    t.equal(exec?.command, 'npx runcast exec -- npm test')
    t.match(publish?.command, `curl http://${hostname}:3000/api/v1/workflow-runs/my-first-run/events`)
    t.match(publish?.command, '$(npx runcast token)')
  }
})

t.test('elsewhere they name the service and the source of the token', async (t) => {
  const [exec, publish] = firstRunCommands({ hostname: 'runs.example.com', origin: 'https://runs.example.com' }, '')
  t.equal(exec?.command, 'RUNCAST_URL=https://runs.example.com npx runcast exec -- npm test')
  t.match(exec?.explanation, 'RUNCAST_TOKEN')
  t.match(publish?.command, '$RUNCAST_TOKEN')
})

t.test('behind the path of a shared host they have the path', async (t) => {
  const [exec, publish] = firstRunCommands({ hostname: 'example.com', origin: 'https://example.com' }, '/runcast')
  t.equal(exec?.command, 'RUNCAST_URL=https://example.com/runcast npx runcast exec -- npm test')
  t.match(publish?.command, 'curl https://example.com/runcast/api/v1/workflow-runs/my-first-run/events')
})
