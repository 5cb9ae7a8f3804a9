import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { formatNumberOf } from '../../format/count.ts'
import { formatClock, formatFull } from '../../format/time.ts'
import type { Plot } from '../model/plots.ts'
import classes from './plot.module.css'

// In an order that keeps neighbours apart, also with colour blindness.
const LINE_COLORS = ['--plot-1', '--plot-2', '--plot-3', '--plot-4', '--plot-5', '--plot-6', '--plot-7', '--plot-8']
const LEGEND_HEIGHT = 34
const LEAST_HEIGHT = 180

/** Numbers over time, or over another field that orders them. */
export default function PlotChart ({ plot }: { plot: Plot }) {
  const frame = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme('light')
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const size = () => ({ width: element.clientWidth, height: Math.max(LEAST_HEIGHT, element.clientHeight - LEGEND_HEIGHT) })
    const chart = new UPlot({ ...optionsOf(plot, element), ...size() }, [[...plot.x], ...plot.lines.map(({ values }) => [...values])], element)
    const observer = new ResizeObserver(() => chart.setSize(size()))
    observer.observe(element)
    return () => {
      observer.disconnect()
      chart.destroy()
    }
  }, [plot, scheme])
  const names = plot.lines.map(({ label }) => label).join(', ')
  return <div ref={frame} className={classes['frame']} role='img' aria-label={`Plot of ${names} over ${plot.xLabel}, ${formatNumberOf(plot.x.length, 'point')}`} />
}

function optionsOf (plot: Plot, element: HTMLElement): Omit<UPlot.Options, 'width' | 'height'> {
  const colorOf = resolver(element)
  const [ink, line] = [colorOf('--quiet'), colorOf('--line')]
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '11px system-ui' }
  return {
    scales: { x: { time: plot.isTime } },
    axes: [{ ...axis, ...(plot.isTime ? { values: timesOf, space: 84 } : { label: plot.xLabel, labelFont: '12px system-ui', labelSize: 20 }) }, { ...axis, size: 56 }],
    cursor: { points: { size: 6 } },
    series: [
      { label: plot.xLabel, ...(plot.isTime ? { value: (_chart: UPlot, seconds: number | null) => seconds === null ? '--' : formatFull(seconds * 1000) } : {}) },
      ...plot.lines.map(({ label }, index) => ({
        label, stroke: colorOf(LINE_COLORS[index % LINE_COLORS.length] ?? '--ink'), width: 1.75, points: { show: plot.x.length <= 60, size: 4 }, spanGaps: true
      }))
    ]
  }
}

const DAY_S = 86_400
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

/** The texts of a time axis, as precise as its marks are apart. @param increment seconds */
function timesOf (_chart: UPlot, marks: readonly number[], _axis: number, _space: number, increment: number): string[] {
  return marks.map((seconds) => {
    if (increment >= DAY_S) return DATE.format(seconds * 1000)
    const clock = formatClock(seconds * 1000)
    if (increment >= 60) return clock.slice(0, -3)
    return increment >= 1 ? clock : `${clock}.${String(Math.round(seconds * 1000) % 1000).padStart(3, '0')}`
  })
}

/** Reads colours for a canvas: without variables, and for the present scheme. */
function resolver (element: HTMLElement): (name: string) => string {
  return (name) => {
    const probe = document.createElement('span')
    probe.style.color = `var(${name})`
    element.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }
}
