import { Kbd, Modal, Switch } from '@mantine/core'
import { groupShortcuts, keyName, type Shortcut, type ShortcutGroup } from './shortcut-keys.ts'
import classes from './shortcuts-overlay.module.css'

interface ShortcutsOverlayProps {
  readonly shortcuts: readonly Shortcut[]
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly areOn: boolean
  readonly onSwitch: (on: boolean) => void
}

/** All shortcuts of the page. People who use speech input or a screen reader can turn them off. */
export function ShortcutsOverlay ({ shortcuts, isOpen, onClose, areOn, onSwitch }: ShortcutsOverlayProps) {
  return (
    <Modal.Root opened={isOpen} onClose={onClose} size='md'>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body className={classes['body']}>
          <div className={classes['top']}>
            <Modal.Title className={classes['title']}>Keyboard shortcuts</Modal.Title>
            <Modal.CloseButton aria-label='Close' />
          </div>
          {groupShortcuts(shortcuts).map((group) => <Group key={group.name} group={group} />)}
          <Switch
            className={classes['switch']}
            checked={areOn}
            onChange={(event) => onSwitch(event.currentTarget.checked)}
            label='Single-key shortcuts'
            description='Turn them off if they get in the way of speech input or a screen reader.'
          />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

function Group ({ group: { name, shortcuts } }: { group: ShortcutGroup }) {
  return (
    <section className={classes['group']}>
      <h3 className={classes['heading']}>{name}</h3>
      <dl className={classes['list']}>
        {shortcuts.map((shortcut) => (
          <div key={shortcut.label} className={classes['entry']}>
            <dt className={classes['label']}>{shortcut.label}</dt>
            <dd className={classes['keys']}>{shortcut.keys.map((key) => <Kbd key={key}>{keyName(key)}</Kbd>)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
