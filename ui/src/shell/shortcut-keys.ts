/** A key that does something, for as long as the part of the page is there that brought it. */
export interface Shortcut {
  /** As KeyboardEvent.key has it: `/`, `j`, `Enter`, `?`. Several do the same. */
  readonly keys: readonly string[]
  /** What it does, in a few words, for the overlay. */
  readonly label: string
  /** The heading of the overlay that it is listed under. */
  readonly group: string
  readonly run: () => void
}

/** What a key press tells that matters here. */
export interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  /** Whether what is focused takes text, so that letters belong to it. */
  readonly inText: boolean
}

/** The shortcut that a key press means; the last brought wins. Never one of a key that a text field takes, or with Ctrl, Alt or Meta. */
export function shortcutOf (press: KeyPress, shortcuts: readonly Shortcut[]): Shortcut | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.inText) return null
  return shortcuts.findLast((shortcut) => shortcut.keys.includes(press.key)) ?? null
}

/** A heading of the overlay and what is listed under it. */
export interface ShortcutGroup {
  readonly name: string
  readonly shortcuts: readonly Shortcut[]
}

/** The shortcuts under their headings, in the order in which those were first named. */
export function groupShortcuts (shortcuts: readonly Shortcut[]): ShortcutGroup[] {
  const names = [...new Set(shortcuts.map((shortcut) => shortcut.group))]
  return names.map((name) => ({ name, shortcuts: shortcuts.filter((shortcut) => shortcut.group === name) }))
}

const NAMES = new Map([[' ', 'Space'], ['ArrowUp', '↑'], ['ArrowDown', '↓'], ['ArrowLeft', '←'], ['ArrowRight', '→'], ['Escape', 'Esc']])

/** A key as its cap says. */
export function keyName (key: string): string {
  return NAMES.get(key) ?? key
}
