import type { ForkTask } from '../../definition/dsl.ts'
import { withAbort } from '../abort.ts'
import { NotNeededError } from '../interruption.ts'
import type { Outcome, TaskExecution } from '../task-execution.ts'

/**
 * Executes branches at the same time. A branch that ends the workflow cancels the others.
 *
 * @returns the outputs of all branches; with `compete` the output of the first to succeed, and the others are cancelled
 * @throws TaskError of the first branch that fails; with `compete` only when all of them fail
 */
export async function executeFork ({ task, input, place, branches }: TaskExecution<ForkTask>): Promise<Outcome> {
  const { compete = false } = task.fork
  return await withAbort(place.signal, async (signal, abort) => {
    const all = branches(task.fork.branches, { path: '/fork/branches', signal }, input)
    // After a restart, only the branch that has won before it is executed.
    const winner = compete ? all.find(({ isFinished }) => isFinished) : undefined
    const outcomes = (winner === undefined ? all : [winner]).map((branch) => branch.execute())
    try {
      return await (compete ? Promise.any(outcomes).then(({ output, directive }) => ({ output, directive: onlyEnd(directive) })) : together(outcomes))
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error
    } finally {
      abort(new NotNeededError('The result of this branch is not needed.'))
      await Promise.allSettled(outcomes)
    }
  })
}

/** Waits for all branches, but no longer than until one fails or ends the workflow. */
async function together (branches: ReadonlyArray<Promise<Outcome>>): Promise<Outcome> {
  return await new Promise((resolve, reject) => {
    for (const branch of branches) {
      branch.then((outcome) => { if (outcome.directive === 'end') resolve(outcome) }, reject)
    }
    Promise.all(branches).then((outcomes) => resolve({ output: outcomes.map(({ output }) => output), directive: null }), reject)
  })
}

/** Keeps the only directive of a branch that concerns the fork: the end of the workflow. */
function onlyEnd (directive: string | null): string | null {
  return directive === 'end' ? 'end' : null
}
