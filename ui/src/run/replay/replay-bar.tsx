import { ActionIcon, CloseButton, NativeSelect, Slider } from '@mantine/core'
import { PauseIcon, PlayIcon } from '@primer/octicons-react'
import { useMemo } from 'react'
import { formatDuration } from '../../format/duration.ts'
import { useShortcuts } from '../../shell/shortcuts.tsx'
import { SPEEDS } from '../model/replay.ts'
import type { Replay } from './use-replay.ts'
import classes from './replay.module.css'

/** Plays, holds and moves a replay. */
export function ReplayBar ({ replay }: { replay: Replay }) {
  const { recording: { from, to }, state: { at, speed, isPlaying } } = replay
  const { toggle, stop } = replay
  useShortcuts(useMemo(() => [
    { group: 'Replay', keys: ['p'], label: 'Play or hold', run: toggle },
    { group: 'Replay', keys: ['Escape'], label: 'End the replay', run: stop }
  ], [toggle, stop]))
  return (
    <section className={classes['bar']} aria-label='Replay'>
      <ActionIcon variant='filled' aria-label={isPlaying ? 'Hold' : 'Play'} onClick={toggle}>{isPlaying ? <PauseIcon /> : <PlayIcon />}</ActionIcon>
      <Slider
        className={classes['scrubber']} size='sm' min={0} max={Math.max(1, to - from)} step={Math.max(1, Math.round((to - from) / 1_000))} value={at - from}
        onChange={(value) => replay.seek(from + value)} label={(value) => formatDuration(value)} thumbLabel='Moment of the run'
      />
      <span className={classes['time']}>{formatDuration(at - from, true)} / {formatDuration(to - from, true)}</span>
      <NativeSelect
        size='xs' aria-label='Speed' value={String(speed)} data={SPEEDS.map((value) => ({ value: String(value), label: `${value}×` }))}
        onChange={(event) => replay.setSpeed(SPEEDS.find((value) => String(value) === event.currentTarget.value) ?? 1)}
      />
      <CloseButton aria-label='End the replay' onClick={stop} />
    </section>
  )
}
