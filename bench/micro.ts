// Prints the cost of single steps of publishing and delivering: npm run bench:micro
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deliveryCosts } from './micro/delivery.ts'
import { encodingCosts } from './micro/encoding.ts'
import { shortNumber, table } from './table.ts'

const directory = mkdtempSync(join(tmpdir(), 'runcast-micro-'))
try {
  const costs = [...encodingCosts(), ...await deliveryCosts(directory)]
  const rows = costs.map(({ name, per, nanoseconds, least }) => [name, `${shortNumber(nanoseconds)} ns per ${per}`, `${shortNumber(least)} ns`])
  console.log(table(['step', 'median', 'least'], rows))
} finally {
  rmSync(directory, { recursive: true, force: true })
}
