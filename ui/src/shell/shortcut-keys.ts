/** A key that does something while a part of the page is there. */
export interface Shortcut {
  /** Values of KeyboardEvent.key, such as `/`, `j`, `Enter`, `?`. Each of them does the same. */
  readonly keys: readonly string[]
  /** A few words for the overlay. */
  readonly label: string
  /** The heading in the overlay. */
  readonly group: string
  readonly run: () => void
}

/** The part of a KeyboardEvent that shortcuts depend on. */
export interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  /** Tells whether the focused element takes text, so that letters belong to it. */
  readonly inText: boolean
}

/** The shortcut of a key press; the last one that was added wins. None with Ctrl, Alt or Meta, or in a text field. */
export function shortcutOf (press: KeyPress, shortcuts: readonly Shortcut[]): Shortcut | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.inText) return null
  return shortcuts.findLast((shortcut) => shortcut.keys.includes(press.key)) ?? null
}

/** A heading of the overlay and its shortcuts. */
export interface ShortcutGroup {
  readonly name: string
  readonly shortcuts: readonly Shortcut[]
}

/** Groups shortcuts by heading, in the order in which the headings first occur. */
export function groupShortcuts (shortcuts: readonly Shortcut[]): ShortcutGroup[] {
  const names = [...new Set(shortcuts.map((shortcut) => shortcut.group))]
  return names.map((name) => ({ name, shortcuts: shortcuts.filter((shortcut) => shortcut.group === name) }))
}

const NAMES = new Map([[' ', 'Space'], ['ArrowUp', '↑'], ['ArrowDown', '↓'], ['ArrowLeft', '←'], ['ArrowRight', '→'], ['Escape', 'Esc']])

/** The name of a key on its cap. */
export function keyName (key: string): string {
  return NAMES.get(key) ?? key
}
