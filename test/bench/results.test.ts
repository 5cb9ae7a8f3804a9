import t from 'tap'
import { readOptions } from '../../bench/options.ts'
import { resultTable } from '../../bench/report.ts'
import { faultsIn, median, ratioOf, verdictsOn, type Result } from '../../bench/results.ts'
import type { Figure, Sample } from '../../bench/scenarios/scenario.ts'

const rate: Figure = { name: 'rate', title: 'deliveries/s', targets: [{ against: 'nchan', least: 10 }, { against: 'phys_co', least: 0.75 }, { against: null, most: 900 }] }
const sample = (value: number, ...faults: string[]): Sample => ({ figures: { rate: value }, faults, busy: 0, disturbed: 0 })

const result: Result = {
  scenario: {
    name: 'fan', description: '', subject: 'runcast', peers: ['nchan', 'phys_co'], figures: [rate], ingests: false, measure: async () => sample(0)
  },
  rounds: new Map([
    ['runcast', [sample(1_000), null, sample(600, '3 events missing'), sample(900)]],
    ['nchan', [sample(100), sample(100), sample(40), sample(100)]]
  ])
}

t.test('the median of an even number is the mean of the middle two, and there is none of nothing', async (t) => {
  t.equal(median([5, 1, 3]), 3)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(median([]), null)
})

t.test('a ratio compares what was measured in the same round, whatever failed in others', async (t) => {
  t.equal(ratioOf(result, 'nchan', rate), 10)
  t.equal(ratioOf(result, 'phys_co', rate), null)
})

t.test('a target holds, is missed, or can not be judged without its peer', async (t) => {
  t.strictSame(verdictsOn(result, rate).map(({ value, holds }) => [value, holds]), [[10, true], [null, false], [900, true]])
  t.match(resultTable({ results: [result], titles: new Map([['nchan', 'Nchan']]) }),
    '| `fan` | deliveries/s | **900** | 100 (× 10) | ≥ 10 × Nchan: holds; ≥ 0.75 × phys_co: not measured; ≤ 900: holds |')
})

t.test('nothing that went wrong is kept quiet', async (t) => {
  t.strictSame(faultsIn(result), ['fan, runcast, round 2: not measured.', 'fan, runcast, round 3: 3 events missing.'])
})

t.test('only a run of everything writes the documentation, unless it is told where', async (t) => {
  t.equal(readOptions([], '/project')?.output, '/project/docs/benchmarks.md')
  t.equal(readOptions(['--quick'], '/project')?.output, null)
  t.equal(readOptions(['--scenarios', 'fan1000', '--output', 'fan.md'], '/project')?.output, '/project/fan.md')
  t.equal(readOptions(['--help'], '/project'), null)
  t.throws(() => readOptions(['--rounds', 'many'], '/project'), { message: '--rounds is a whole number, not many' })
})
