import type { StatusKind } from '@runcast/protocol'

/** The title and the icon of a run's tab. */
export interface TabLook {
  readonly title: string
  /** A data: address. */
  readonly icon: string
}

type IconKind = StatusKind | 'away'

// The marks differ in shape, since colours alone are hard to tell apart at this size.
const MARKS: Readonly<Record<IconKind, { readonly color: string, readonly mark: string }>> = {
  waiting: { color: '#8a5a00', mark: '<path d="M16 9v7l5 3"/>' },
  running: { color: '#2460cf', mark: '<path d="M13 10l9 6-9 6z" fill="#fff"/>' },
  succeeded: { color: '#1a7237', mark: '<path d="M10 16.5l4.5 4.5L23 11.5"/>' },
  failed: { color: '#c0232f', mark: '<path d="M11 11l10 10M21 11L11 21"/>' },
  cancelled: { color: '#566172', mark: '<path d="M10 16h12"/>' },
  other: { color: '#566172', mark: '<path d="M16 16v.5"/>' },
  away: { color: '#8a5a00', mark: '<path d="M16 9v9M16 22.5v.5"/>' }
}

/**
 * Makes the title and the icon of a run's tab.
 *
 * @param name the name of the run
 * @param kind of its status
 * @param statusName the status for people
 * @param isAway tells whether the page may be old
 */
export function tabLookOf (name: string, kind: StatusKind, statusName: string, isAway: boolean): TabLook {
  return { title: `${isAway ? 'Not live' : statusName} · ${name}`, icon: iconOf(isAway ? 'away' : kind) }
}

function iconOf (kind: IconKind): string {
  const { color, mark } = MARKS[kind]
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${color}"/><g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">${mark}</g></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
