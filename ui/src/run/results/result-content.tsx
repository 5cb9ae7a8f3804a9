import { Loader } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { ErrorBoundary } from '../../shell/error-boundary.tsx'
import { loadPart } from '../../shell/load-part.ts'
import type { ResultView } from '../model/result-views.ts'
import classes from './results.module.css'
import text from './text.module.css'

const JsonTree = lazy(() => loadPart(() => import('./json-tree.tsx')))
const MarkdownText = lazy(() => loadPart(() => import('./markdown-text.tsx')))
const PlotChart = lazy(() => loadPart(() => import('./plot-chart.tsx')))
const RecordTableView = lazy(() => loadPart(() => import('./record-table.tsx')))
const TextDiff = lazy(() => loadPart(() => import('./text-diff.tsx')))

/** Two texts to be compared. */
export interface Changes {
  readonly kind: 'changes'
  readonly before: string
  readonly after: string
}

// A browser lays out more than this only with noticeable effort.
const MAX_CHARACTERS = 200_000

/** A result in one of the ways to look at it, or the changes in it. */
export function ResultContent ({ view }: { view: ResultView | Changes }) {
  return (
    <ErrorBoundary message='The result could not be shown in this way.'>
      <Suspense fallback={<div className={classes['loading']}><Loader size='sm' role='status' aria-label='Loading' /></div>}><Content view={view} /></Suspense>
    </ErrorBoundary>
  )
}

function Content ({ view }: { view: ResultView | Changes }) {
  switch (view.kind) {
    case 'image': return <div className={classes['image']}><img src={view.url} alt='Result' /></div>
    case 'markdown': return <MarkdownText text={view.text} />
    case 'plot': return <PlotChart plot={view.plot} />
    case 'table': return <RecordTableView table={view.table} />
    case 'tree': return <JsonTree value={view.value} />
    case 'changes': return <TextDiff before={view.before.slice(0, MAX_CHARACTERS)} after={view.after.slice(0, MAX_CHARACTERS)} />
    case 'text': return <pre className={text['text']} tabIndex={0}>{view.text.slice(0, MAX_CHARACTERS)}{view.text.length > MAX_CHARACTERS && ' …'}</pre>
  }
}
