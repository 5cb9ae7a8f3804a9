import t from 'tap'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import type { LiveMessage } from '../../../services/run-log/live-message.ts'

const message = (seq: number): LiveMessage => ({ prev: `1-${seq - 1}`, last: `1-${seq}`, events: null })

t.test('every listener of a run gets its messages in order, and no other run\'s', async (t) => {
  const channels = createInProcessChannels()
  const heard: string[] = []
  for (const name of ['a', 'b']) await channels.subscribe('run', ({ last }) => heard.push(`${name} ${last}`))
  await channels.subscribe('other', () => t.fail('another run\'s message'))
  for (const seq of [1, 2, 3]) channels.publish('run', '', message(seq))
  t.same(heard.filter((line) => line.startsWith('a')), ['a 1-1', 'a 1-2', 'a 1-3'])
  t.same(heard.filter((line) => line.startsWith('b')), ['b 1-1', 'b 1-2', 'b 1-3'])
})

t.test('unsubscribing ends one listener, at once, and only that one', async (t) => {
  const channels = createInProcessChannels()
  const heard: string[] = []
  const listener = ({ last }: LiveMessage) => { heard.push(last) }
  const first = await channels.subscribe('run', listener)
  const second = await channels.subscribe('run', listener)
  first()
  first()
  channels.publish('run', '', message(1))
  t.same(heard, ['1-1'])
  second()
  channels.publish('run', '', message(2))
  t.same(heard, ['1-1'])
  await channels.subscribe('run', listener)
  second()
  channels.publish('run', '', message(3))
  t.same(heard, ['1-1', '1-3'])
})

t.test('a listener may unsubscribe itself or another while a message is given out', async (t) => {
  const channels = createInProcessChannels()
  const heard: string[] = []
  const unsubscribe: (() => void)[] = []
  for (const name of ['a', 'b', 'c']) {
    unsubscribe.push(await channels.subscribe('run', () => {
      heard.push(name)
      if (name === 'a') for (const index of [0, 1]) unsubscribe[index]?.()
    }))
  }
  channels.publish('run', '', message(1))
  channels.publish('run', '', message(2))
  t.same(heard, ['a', 'c', 'c'])
})

t.test('the changes of a tenant name its runs, and no other tenant\'s', async (t) => {
  const channels = createInProcessChannels()
  const heard: string[] = []
  const listener = { changed: (runId: string) => { heard.push(runId) }, missed: () => t.fail('nothing is missed in process') }
  const leave = await channels.subscribeChanges('ours', listener)
  channels.publish('a', 'ours', message(1))
  channels.publish('b', 'theirs', message(1))
  channels.publish('c', '', message(1))
  channels.publish('a', 'ours', message(2))
  leave()
  channels.publish('a', 'ours', message(3))
  t.same(heard, ['a', 'a'])
})

t.test('a listener that throws harms no other listener, and a warning names the error', async (t) => {
  const channels = createInProcessChannels()
  const heard: string[] = []
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  await channels.subscribe('run', () => { throw new Error('broken listener') })
  await channels.subscribe('run', ({ last }) => heard.push(last))
  channels.publish('run', '', message(1))
  channels.publish('run', '', message(2))
  t.same(heard, ['1-1', '1-2'])
  t.equal((await warned).message, 'broken listener')
})

t.test('channels are connected until they are closed, and silent then', async (t) => {
  const channels = createInProcessChannels()
  await channels.subscribe('run', () => t.fail('a message after the close'))
  t.equal(channels.isConnected(), true)
  await channels.close()
  t.equal(channels.isConnected(), false)
  channels.publish('run', '', message(1))
})
