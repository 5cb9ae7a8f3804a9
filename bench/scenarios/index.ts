import { connections } from './connections.ts'
import { fanOut } from './fan-out.ts'
import { publishing } from './publishing.ts'
import type { Scenario } from './scenario.ts'

/** Everything that is measured, in the order of the tables. */
export const scenarios: readonly Scenario[] = [...fanOut, ...connections, ...publishing]
