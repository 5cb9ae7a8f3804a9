// Follows a run in a React page. All tabs that show the run share one connection.
//
//     CORS_ORIGINS=http://127.0.0.1:8000 npm start          log in with the link that it prints
//     npx esbuild examples/react-page/page.jsx --bundle --format=esm --jsx=automatic --outdir=examples/react-page \
//       --servedir=examples/react-page --serve=127.0.0.1:8000
//     open 'http://127.0.0.1:8000/?service=http://127.0.0.1:3000&run=example'
//
// A page of the service's own origin needs no CORS_ORIGINS, and neither `url` nor `fetch` below.
import { isLog } from '@runcast/client'
import { useRunStream } from '@runcast/client/react'
import { createRoot } from 'react-dom/client'

const parameters = new URLSearchParams(window.location.search)
const options = {
  url: parameters.get('service') ?? '',
  from: { tail: 1000 },
  // The session cookie comes along to another origin.
  fetch: (input, init) => fetch(input, { ...init, credentials: 'include' })
}

function Run ({ runId }) {
  const { events, status, connection, gap } = useRunStream(runId, options)
  return (
    <>
      <h1>{status ?? 'waiting'}</h1>
      <p>{connection}, {events.length} events</p>
      {gap !== null && <p role='alert'>{gap.lost ?? 'Some'} events are gone.</p>}
      <ol>{events.filter(isLog).map(({ id, data }) => <li key={id}>{data.message}</li>)}</ol>
    </>
  )
}

createRoot(document.querySelector('main')).render(<Run runId={parameters.get('run')} />)
