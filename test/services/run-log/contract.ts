import type { Test } from 'tap'
import { aliveContract } from './contract/alive.ts'
import { appendContract } from './contract/append.ts'
import { listContract } from './contract/list.ts'
import { onceContract } from './contract/once.ts'
import { pageContract } from './contract/pages.ts'
import { remarksContract } from './contract/remarks.ts'
import { resumeContract } from './contract/resume.ts'
import { retentionContract } from './contract/retention.ts'
import { stateContract } from './contract/state.ts'
import type { MakeHarness } from './contract/support.ts'

export type { MakeHarness, RunLogHarness } from './contract/support.ts'

/** The contract of every run log, in any storage. */
export function runLogContract (t: Test, makeHarness: MakeHarness): void {
  t.test('appends in order, all or nothing, within bounds', (t) => appendContract(t, makeHarness))
  t.test('does once what is named', (t) => onceContract(t, makeHarness))
  t.test('judges every cursor by its exact id', (t) => resumeContract(t, makeHarness))
  t.test('pages both ways', (t) => pageContract(t, makeHarness))
  t.test('keeps the state that the events make', (t) => stateContract(t, makeHarness))
  t.test('keeps what it has when a bound of time changes', (t) => retentionContract(t, makeHarness))
  t.test('takes remarks of the service without prolonging the run', (t) => remarksContract(t, makeHarness))
  t.test('keeps signs of life', (t) => aliveContract(t, makeHarness))
  t.test('lists the runs of a tenant, the last changed first', (t) => listContract(t, makeHarness))
}
