import t from 'tap'
import { groupShortcuts, keyName, shortcutOf } from '../../../ui/src/shell/shortcut-keys.ts'

const press = (key: string, changes = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, inText: false, ...changes })
const shortcut = (keys: string[], label: string, group = 'Runs') => ({ keys, label, group, run: () => {} })

t.test('the part of the page that added a key last decides what it does', async (t) => {
  const shortcuts = [shortcut(['/'], 'search runs'), shortcut(['j', 'ArrowDown'], 'next'), shortcut(['/'], 'search the log')]
  t.equal(shortcutOf(press('/'), shortcuts)?.label, 'search the log')
  t.equal(shortcutOf(press('ArrowDown'), shortcuts)?.label, 'next')
  t.equal(shortcutOf(press('x'), shortcuts), null)
})

t.test('a key that belongs to the browser or to a text field does nothing', async (t) => {
  const shortcuts = [shortcut(['/'], 'search')]
  for (const changes of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { inText: true }]) t.equal(shortcutOf(press('/', changes), shortcuts), null)
})

t.test('shortcuts are listed under their headings in the order they came', async (t) => {
  const groups = groupShortcuts([shortcut(['a'], 'one', 'Page'), shortcut(['b'], 'two', 'Runs'), shortcut(['c'], 'three', 'Page')])
  t.same(groups.map(({ name, shortcuts }) => [name, shortcuts.map(({ label }) => label)]), [['Page', ['one', 'three']], ['Runs', ['two']]])
})

t.test('keys have the names on their caps', async (t) => {
  t.same(['ArrowUp', 'Escape', ' ', 'j'].map(keyName), ['↑', 'Esc', 'Space', 'j'])
})
