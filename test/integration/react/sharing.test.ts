import t, { type Test } from 'tap'
import { PageStreams } from '../../../packages/client/dist/react/page-streams.js'
import { browserTab } from '../../../packages/client/dist/react/sharing/tab.js'
import { openOrigin, type BrowserTab, type Followed } from '../../helpers/pages/browser-tabs.ts'
import { seededRandom, testSeed } from '../../helpers/random.ts'
import { buildApp, tokenFor } from '../../helpers/service/app.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

const app = await buildApp(t, { DRAIN_MS: '0', STREAM_HEARTBEAT_MS: '50' })
const open = (t: Test, heartbeatMs = 10_000) => openOrigin(t, { url: app.url, token: tokenFor(), heartbeatMs })
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const publish = (runId: string, from: number, to: number) => app.publish(runId, numbers(from, to).map((payload) => ({ payload })))
const seen = ({ store }: Followed) => store.snapshot.events.map(({ data }) => data)
const isLive = ({ store }: Followed) => store.snapshot.connection === 'live'
const has = (count: number) => (followed: Followed) => seen(followed).length >= count

t.test('eight tabs on one run share one connection, and the closing of the leader loses and doubles nothing', async (t) => {
  const origin = open(t)
  await publish('shared', 1, 3)
  const tabs = numbers(1, 8).map((number) => origin.openTab(`tab ${number}`))
  const followed = tabs.map((tab) => tab.follow('shared'))
  await waitUntil('all tabs are live', () => followed.every(isLive))
  await publish('shared', 4, 6)
  await waitUntil('all tabs have all events', () => followed.every(has(6)))
  t.same(origin.streams, { opened: 1, most: 1, open: 1 })

  const [leader = ''] = origin.holders('runcast-run')
  tabs.find(({ name }) => name === leader)?.close()
  await publish('shared', 7, 9)
  const others = followed.filter((_, index) => tabs[index]?.name !== leader)
  await waitUntil('the other tabs have all events', () => others.every(has(9)))
  await publish('shared', 10, 12)
  await waitUntil('the other tabs have what came after that', () => others.every(has(12)))
  for (const one of others) t.same(seen(one), numbers(1, 12))
  t.match(origin.streams, { opened: 2, most: 1 })
})

t.test('tabs that join while events pour in have every event once', async (t) => {
  const origin = open(t)
  const first = origin.openTab('first').follow('pouring')
  const followed = [first]
  for (let batch = 0; batch < 20; batch++) {
    if (batch % 4 === 0) followed.push(origin.openTab(`late ${batch}`).follow('pouring'))
    await publish('pouring', batch * 50 + 1, batch * 50 + 50)
  }
  await waitUntil('all tabs have all events', () => followed.every(has(1_000)))
  for (const one of followed) t.same(seen(one), numbers(1, 1_000))
  t.equal(origin.streams.opened, 1)
})

t.test('an origin has four streams, tabs in view first, and a tab that comes into view goes on where it was', async (t) => {
  const origin = open(t)
  const tabs = numbers(1, 8).map((number) => origin.openTab(`tab ${number}`, 'hidden'))
  const followed = tabs.map((tab, index) => tab.follow(`many-${index + 1}`))
  await waitUntil('four tabs are waiting for their runs', () => followed.filter(({ store }) => store.snapshot.connection === 'waiting').length === 4)

  for (const [index, tab] of tabs.entries()) {
    await publish(`many-${index + 1}`, 1, 3)
    tab.show()
    const one = followed[index]
    if (one === undefined) throw new Error('no such tab')
    await waitUntil(`${tab.name} is live`, () => isLive(one) && has(3)(one))
    t.same(seen(one), [1, 2, 3])
    t.ok(origin.holders('runcast-slot').includes(tab.name))
    tab.hide()
  }
  t.ok(origin.streams.most <= 4, 'no more than four at once')
})

t.test('a tab in view waits for a permit while the four others are in view too', async (t) => {
  const origin = open(t)
  const tabs = numbers(1, 4).map((number) => origin.openTab(`tab ${number}`))
  const followed = tabs.map((tab) => tab.follow(tab.name.replace(' ', '-')))
  await waitUntil('all permits are taken', () => followed.every(({ store }) => store.snapshot.connection === 'waiting'))
  const fifth = origin.openTab('fifth').follow('fifth')
  await publish('fifth', 1, 2)
  await waitUntil('the fifth has read what there is', () => has(0)(fifth))
  t.equal(fifth.store.snapshot.connection, 'connecting')
  tabs[1]?.hide()
  await waitUntil('the fifth is live', () => isLive(fifth))
  t.same(seen(fifth), [1, 2])
  t.equal(origin.streams.most, 4)
})

t.test('a run that is in view in one tab is followed on when the hidden tab that follows it gives its permit away', async (t) => {
  const origin = open(t)
  const hidden = origin.openTab('hidden', 'hidden')
  const leading = hidden.follow('seen')
  await waitUntil('the hidden tab leads', () => leading.store.snapshot.connection === 'waiting')
  const watching = origin.openTab('watching').follow('seen')
  const others = numbers(1, 3).map((number) => origin.openTab(`other ${number}`, 'hidden').follow(`other-${number}`))
  await waitUntil('all permits are taken', () => origin.holders('runcast-slot').length === 4 && others.every(({ store }) => store.snapshot.connection === 'waiting'))
  const news = numbers(1, 3).map((number) => origin.openTab(`new ${number}`).follow(`new-${number}`))
  await waitUntil('the new tabs have permits', () => news.every(({ store }) => store.snapshot.connection === 'waiting'))
  await publish('seen', 1, 2)
  await waitUntil('the run in view is live', () => isLive(watching) && has(2)(watching))
  t.same(seen(watching), [1, 2])
  t.ok(origin.streams.most <= 4)
})

t.test('a tab in view takes over from a leader that is frozen', async (t) => {
  const origin = open(t, 1_500)
  const frozen = origin.openTab('frozen', 'hidden')
  const leading = frozen.follow('frozen')
  await waitUntil('it leads', () => leading.store.snapshot.connection === 'waiting')
  const watching = origin.openTab('watching').follow('frozen')
  await waitUntil('the other hears it', () => watching.store.snapshot.connection === 'waiting')
  const connections = new Set<string>()
  watching.store.subscribe(() => connections.add(watching.store.snapshot.connection))
  frozen.freeze()
  await publish('frozen', 1, 3)
  await waitUntil('the other has taken over', () => isLive(watching) && has(3)(watching))
  t.same(seen(watching), [1, 2, 3])
  t.ok(connections.has('stale') && connections.has('reconnecting'), 'the dead stream did not look live')
  frozen.thaw()
  await publish('frozen', 4, 5)
  await waitUntil('both have all events', () => [watching, leading].every(has(5)))
  t.same(seen(leading), [1, 2, 3, 4, 5])
  t.same(origin.holders('runcast-run'), ['watching'])
})

t.test('a tab in view takes the permit of a tab that is frozen', async (t) => {
  const origin = open(t)
  const tabs = numbers(1, 4).map((number) => origin.openTab(`tab ${number}`, 'hidden'))
  const followed = tabs.map((tab, index) => tab.follow(`held-${index + 1}`))
  await waitUntil('all permits are taken', () => followed.every(({ store }) => store.snapshot.connection === 'waiting'))
  for (const tab of tabs) tab.freeze()
  const watching = origin.openTab('watching').follow('wanted')
  await waitUntil('it has a permit', () => watching.store.snapshot.connection === 'waiting')
  t.ok(origin.holders('runcast-slot').includes('watching'))
})

t.test('a tab that was refused takes part again when another one is let in', async (t) => {
  const origin = open(t)
  const tokens = ['bad']
  const getToken = () => tokens[0] ?? tokenFor()
  const first = origin.openTab('first').follow('signed-in', { token: 'bad', getToken })
  await waitUntil('it is refused', () => first.store.snapshot.connection === 'denied' && origin.holders('runcast-run').length === 0)
  tokens.shift()
  const other = origin.openTab('other')
  const second = other.follow('signed-in')
  await waitUntil('both follow', () => [first, second].every(({ store }) => store.snapshot.connection === 'waiting'))
  other.close()
  await publish('signed-in', 1, 2)
  await waitUntil('the first goes on', () => isLive(first) && has(2)(first))
  t.same(seen(first), [1, 2])
  t.same(origin.holders('runcast-run'), ['first'])
})

t.test('a stream without users is closed after a moment', async (t) => {
  const origin = open(t)
  const tab = origin.openTab('tab')
  const [one, other] = [tab.follow('released'), tab.follow('released')]
  t.equal(one.store, other.store, 'components that ask for the same share it')
  await waitUntil('it is connected', () => one.store.snapshot.connection === 'waiting')
  one.unmount()
  other.unmount()
  const again = tab.follow('released')
  t.equal(again.store, one.store, 'a component that mounts again at once finds it')
  again.unmount()
  await waitUntil('the stream is closed', () => origin.streams.open === 0)
  t.same(origin.holders('runcast'), [])
  t.equal(origin.streams.opened, 1)
})

for (const freezes of [false, true]) {
  const name = `tabs that open, close, come, go${freezes ? ', freeze' : ''} at random have an unbroken part of their runs, and all of it in view`
  t.test(name, async (t) => {
    const origin = open(t, freezes ? 150 : 10_000)
    const seed = testSeed()
    t.comment(`SEED=${seed}`)
    const random = seededRandom(seed)
    const published = [0, 0, 0, 0, 0, 0]
    const runId = (run: number) => `random-${freezes}-${run}`
    const tabs: { tab: BrowserTab, run: number, followed: Followed }[] = []
    const any = () => tabs[Math.floor(random() * tabs.length)]?.tab
    let opened = 0
    const steps = [
      (run: number) => {
        const tab = origin.openTab(`tab ${++opened}`, random() < 0.5 ? 'in view' : 'hidden')
        tabs.push({ tab, run, followed: tab.follow(runId(run)) })
      },
      () => { for (const { tab } of tabs.splice(Math.floor(random() * tabs.length), 1)) tab.close() },
      () => any()?.hide(),
      () => any()?.show(),
      async (run: number) => {
        const from = published[run] ?? 0
        published[run] = from + 20
        await publish(runId(run), from + 1, from + 20)
      },
      () => any()?.thaw(),
      () => {
        const tab = freezes ? any() : undefined
        // Browsers never freeze a tab in view.
        tab?.hide()
        tab?.freeze()
      }
    ]
    for (let step = 0; step < 200; step++) {
      await steps[Math.floor(random() * steps.length)]?.(Math.floor(random() * published.length))
      const broken = tabs.find(({ followed }) => seen(followed).some((number, index) => number !== index + 1))
      if (broken !== undefined) t.fail('a broken part', { found: seen(broken.followed) })
    }
    for (const { tab } of tabs) tab.hide()
    for (const { tab, run, followed } of tabs) {
      tab.thaw()
      tab.show()
      const all = numbers(1, published[run] ?? 0)
      await waitUntil(`${tab.name} has all events`, () => seen(followed).length === all.length)
      t.same(seen(followed), all)
      tab.hide()
    }
    if (!freezes) t.ok(origin.streams.most <= 4)
  })
}

t.test('a page that has no locks, as over plain http, follows by itself', async (t) => {
  await publish('alone', 1, 2)
  const pages = [new PageStreams(browserTab()), new PageStreams(browserTab())]
  const uses = pages.map((page) => page.followRun('alone', { url: app.url, token: tokenFor() }))
  t.teardown(() => { for (const { release } of uses) release() })
  const stores = uses.map(({ value }) => value.store)
  await waitUntil('both are live', () => stores.every(({ snapshot }) => snapshot.connection === 'live'))
  await publish('alone', 3, 4)
  await waitUntil('both have all events', () => stores.every(({ snapshot }) => snapshot.events.length === 4))
  for (const { snapshot } of stores) t.same(snapshot.events.map(({ data }) => data), [1, 2, 3, 4])
})
