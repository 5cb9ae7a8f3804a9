import { useRunStream } from '@runcast/client/react'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import t from 'tap'

function Watcher ({ runId }: { runId: string }) {
  const { events, status, connection, gap, lastEventAt } = useRunStream(runId, { from: { tail: 10 } })
  return createElement('p', null, JSON.stringify([events, status, connection, gap, lastEventAt]))
}

t.test('a server renders that nothing is known yet, and follows nothing', async (t) => {
  t.equal(renderToString(createElement(Watcher, { runId: 'r' })).replaceAll('&quot;', '"'), '<p>[[],null,"connecting",null,null]</p>')
})
