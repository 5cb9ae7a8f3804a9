// A page that follows the run that its address names, and shows its state to the test.
import { useRunStream } from '@runcast/client/react'
import { createElement, useEffect } from 'react'
import { createRoot } from 'react-dom/client'

const runId = new URLSearchParams(window.location.search).get('run')

function Run () {
  const { events, status, connection, gap } = useRunStream(runId)
  useEffect(() => {
    window.shown = { payloads: events.map(({ data }) => data), status, connection, gap }
  }, [events, status, connection, gap])
  return createElement('p', null, `${runId} ${connection} ${events.length}`)
}

createRoot(document.body).render(createElement(Run))
