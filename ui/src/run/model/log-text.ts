import type { LogRow } from './log-rows.ts'
import type { LogView } from './log-view.ts'

/** A row as a line of text, the way the download has it. */
export function rowText ({ at, level, text, kind }: LogRow): string {
  return kind === 'gap' ? `# ${text}` : `${new Date(at).toISOString()} ${level.toUpperCase()} ${text}`
}

/** All rows that are shown, a line each. */
export function shownText (view: LogView): string {
  return Array.from({ length: view.count }, (_, index) => view.rowAt(index)).flatMap((row) => row === undefined ? [] : `${rowText(row)}\n`).join('')
}
