import { defineProblem } from '../problems/problem-error.ts'

export class UiNotBuiltError extends defineProblem('ui_not_built', 404, 'The user interface is not built. Run npm run build, then start the service again.') {}
