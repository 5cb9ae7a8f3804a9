import t from 'tap'
import { makeCommandOutputs } from '../../bin/command-outputs.ts'
import { startCommand } from '../../bin/run-command.ts'

t.test('a signal of which the system tells together with the end of the command still counts', async (t) => {
  const command = startCommand(['sleep', '0.1'], { environment: process.env, outputs: makeCommandOutputs(false), onStart () {}, async onOutput () {} })
  const onEnd = () => { if (!command.isOver) command.cancel('SIGINT') }
  process.once('SIGCHLD', onEnd)
  t.teardown(() => process.off('SIGCHLD', onEnd))
  t.match(await command.ending, { code: 0, cancelledBy: 'SIGINT' })
  t.ok(command.isOver)
})
