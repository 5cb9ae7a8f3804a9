import { diffLines } from 'diff'
import { useMemo } from 'react'
import { formatNumberOf } from '../../format/count.ts'
import classes from './text.module.css'

export interface TextDiffProps {
  readonly before: string
  readonly after: string
}

// Texts with little in common take long to compare, and the result says nothing.
const TIMEOUT_MS = 500
const CONTEXT_LINES = 3

/** The changes from one text to another, line by line. */
export default function TextDiff ({ before, after }: TextDiffProps) {
  const changes = useMemo(() => diffLines(before, after, { timeout: TIMEOUT_MS }), [before, after])
  if (changes === undefined) return <p className={classes['note']}>These two have too little in common to be compared.</p>
  if (changes.every(({ added, removed }) => !added && !removed)) return <p className={classes['note']}>Nothing has changed.</p>
  return (
    <div className={classes['text']} tabIndex={0} role='region' aria-label='Changes'>
      {changes.map(({ added, removed, value }, index) => {
        if (added) return <ins key={index}>{marked(value, '+ ')}</ins>
        if (removed) return <del key={index}>{marked(value, '- ')}</del>
        return <span key={index}>{shortened(value, index === 0, index === changes.length - 1)}</span>
      })}
    </div>
  )
}

function marked (value: string, mark: string): string {
  return linesOf(value).map((line) => `${mark}${line}\n`).join('')
}

/** Keeps the unchanged lines next to a change. */
function shortened (value: string, isFirst: boolean, isLast: boolean): string {
  const lines = linesOf(value)
  const [head, tail] = [isFirst ? 0 : CONTEXT_LINES, isLast ? 0 : CONTEXT_LINES]
  if (lines.length <= head + tail + 1) return marked(value, '  ')
  const left = lines.length - head - tail
  return [...lines.slice(0, head), `⋯ ${formatNumberOf(left, 'line')} the same`, ...lines.slice(lines.length - tail)].map((line) => `  ${line}\n`).join('')
}

function linesOf (value: string): string[] {
  return value.replace(/\n$/, '').split('\n')
}
