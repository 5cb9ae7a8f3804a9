import { useLocalStorage } from '@mantine/hooks'
import { createContext, use, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode, type RefObject } from 'react'
import { shortcutOf, type Shortcut } from './shortcut-keys.ts'
import { ShortcutsOverlay } from './shortcuts-overlay.tsx'

type Source = RefObject<readonly Shortcut[]>

interface Shortcuts {
  /** Adds the shortcuts of a part of the page. @returns removes them */
  add (source: Source): () => void
  openOverlay (): void
}

const ShortcutsContext = createContext<Shortcuts | null>(null)

const TEXT_FIELDS = 'input:not([type="checkbox"], [type="radio"], [type="button"], [type="range"]), textarea, select, [contenteditable="true"]'

/** Keys have a meaning of their own in these. */
const OVERLAYS = '[role="dialog"], [role="menu"], [role="listbox"]'

/** Lets the parts of the page add shortcuts, runs them, and shows them all on `?`. */
export function ShortcutsProvider ({ children }: { children: ReactNode }) {
  const sources = useRef<readonly Source[]>([])
  const [isOpen, setIsOpen] = useState(false)
  const [listed, setListed] = useState<readonly Shortcut[]>([])
  const [areOn, setAreOn] = useLocalStorage({ key: 'runcast-shortcuts', defaultValue: true })

  const collect = useCallback((openOverlay: () => void): Shortcut[] => [
    { keys: ['?'], label: 'Show these shortcuts', group: 'Everywhere', run: openOverlay },
    ...sources.current.flatMap((source) => source.current)
  ], [])
  const openOverlay = useCallback(() => {
    setListed(collect(() => {}))
    setIsOpen(true)
  }, [collect])

  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (!areOn || event.defaultPrevented || closest(event.target, OVERLAYS)) return
    const shortcut = shortcutOf({
      key: event.key,
      ctrlKey: event.ctrlKey,
      metaKey: event.metaKey,
      altKey: event.altKey,
      inText: closest(event.target, TEXT_FIELDS)
    }, collect(openOverlay))
    if (shortcut === null) return
    event.preventDefault()
    shortcut.run()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event)
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])

  const access = useMemo<Shortcuts>(() => ({
    openOverlay,
    add (source) {
      sources.current = [...sources.current, source]
      return () => {
        sources.current = sources.current.filter((other) => other !== source)
      }
    }
  }), [openOverlay])
  return (
    <ShortcutsContext value={access}>
      {children}
      <ShortcutsOverlay shortcuts={listed} isOpen={isOpen} onClose={() => setIsOpen(false)} areOn={areOn} onSwitch={setAreOn} />
    </ShortcutsContext>
  )
}

function closest (target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null
}

function useShortcutsContext (): Shortcuts {
  const context = use(ShortcutsContext)
  if (context === null) throw new Error('shortcuts need a ShortcutsProvider around them')
  return context
}

/** Adds shortcuts for as long as the component is there. */
export function useShortcuts (shortcuts: readonly Shortcut[]): void {
  const { add } = useShortcutsContext()
  const source = useRef(shortcuts)
  useEffect(() => {
    source.current = shortcuts
  })
  useEffect(() => add(source), [add])
}

/** Gives a function that shows the overlay of all shortcuts. */
export function useShortcutsOverlay (): () => void {
  return useShortcutsContext().openOverlay
}
