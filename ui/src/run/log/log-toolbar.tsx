import { LOG_LEVELS, type LogLevel } from '@runcast/protocol'
import { ActionIcon, NativeSelect, Tooltip } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { CheckIcon, ClockIcon, CopyIcon, DownloadIcon, WrapIcon } from '@primer/octicons-react'
import type { ReactNode } from 'react'
import type { StepLine } from '../model/steps.ts'
import type { TimeMode } from './row-times.ts'
import classes from './toolbar.module.css'

export interface LogToolbarProps {
  readonly search: ReactNode
  readonly level: LogLevel
  readonly onLevel: (level: LogLevel) => void
  readonly steps: readonly StepLine[]
  readonly step: string | null
  readonly onStep: (step: string | null) => void
  readonly timeMode: TimeMode
  readonly onTimeMode: () => void
  readonly wraps: boolean
  readonly onWrap: () => void
  /** Gives all lines that are shown. */
  readonly textToCopy: () => string
  readonly downloadUrl: string
}

const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  trace: 'All levels',
  debug: 'Debug and above',
  info: 'Info and above',
  warning: 'Warnings and errors',
  error: 'Errors only',
  critical: 'Critical only'
}

const TIME_NAMES: Readonly<Record<TimeMode, string>> = { clock: 'time of day', elapsed: 'time since the start', none: 'none' }

/** Searches, filters and formats the log. */
export function LogToolbar (props: LogToolbarProps) {
  return (
    <div className={classes['toolbar']}>
      {props.search}
      <div className={classes['filters']}>
        <NativeSelect
          size='xs' aria-label='LogLevel' className={classes['level']} value={props.level}
          data={LOG_LEVELS.map((level) => ({ value: level, label: LEVEL_NAMES[level] }))}
          onChange={(event) => props.onLevel(LOG_LEVELS.find((level) => level === event.currentTarget.value) ?? 'trace')}
        />
        {props.steps.length > 0 && <StepSelect steps={props.steps} step={props.step} onStep={props.onStep} />}
      </div>
      <div className={classes['tools']}>
        <Tool label={`Time stamps: ${TIME_NAMES[props.timeMode]}`} isOn={props.timeMode !== 'none'} onClick={props.onTimeMode}><ClockIcon /></Tool>
        <Tool label='Wrap lines' isOn={props.wraps} onClick={props.onWrap}><WrapIcon /></Tool>
        <Copy textToCopy={props.textToCopy} />
        <Tooltip label='Download the log' openDelay={300}>
          <ActionIcon component='a' href={props.downloadUrl} download variant='subtle' color='gray' size='md' className={classes['download']} aria-label='Download the log'><DownloadIcon /></ActionIcon>
        </Tooltip>
      </div>
    </div>
  )
}

function StepSelect ({ steps, step, onStep }: Pick<LogToolbarProps, 'steps' | 'step' | 'onStep'>) {
  return (
    <NativeSelect
      size='xs' aria-label='Step' className={classes['step']} value={step ?? ''} data-filtered={step !== null}
      data={[{ value: '', label: 'All steps' }, ...steps.map(({ path, label, depth }) => ({ value: path, label: `${'\u2003'.repeat(Math.min(depth, 6))}${label}` }))]}
      onChange={(event) => onStep(event.currentTarget.value === '' ? null : event.currentTarget.value)}
    />
  )
}

interface ToolProps {
  readonly label: string
  /** The state of a switch; left out for a button that switches nothing. */
  readonly isOn?: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}

function Tool ({ label, isOn, onClick, children }: ToolProps) {
  return (
    <Tooltip label={label} openDelay={300}>
      <ActionIcon variant={isOn === true ? 'light' : 'subtle'} color={isOn === true ? 'accent' : 'gray'} size='md' aria-label={label} aria-pressed={isOn} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}

function Copy ({ textToCopy }: Pick<LogToolbarProps, 'textToCopy'>) {
  const { copied, copy } = useClipboard()
  return <Tool label={copied ? 'Copied' : 'Copy what is shown'} onClick={() => copy(textToCopy())}>{copied ? <CheckIcon /> : <CopyIcon />}</Tool>
}
