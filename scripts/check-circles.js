// Fails when files import each other in a circle, also when only types are imported. node scripts/check-circles.js
import madge from 'madge'

/** The circles that are meant: a task executes a list of tasks, and a list executes its tasks. */
const MEANT = ['packages/engine/src/execution/task-list.ts > packages/engine/src/execution/execute-task.ts']

const found = await madge(['app.ts', 'server.ts', 'plugins', 'routes', 'services', 'schemas', 'packages', 'bin', 'ui/src'], {
  baseDir: '.',
  fileExtensions: ['ts', 'tsx'],
  excludeRegExp: [/(^|\/)(dist|node_modules)\//],
  detectiveOptions: { ts: { skipTypeImports: false }, tsx: { skipTypeImports: false } }
})

const circles = found.circular().map((files) => files.join(' > ')).filter((circle) => !MEANT.includes(circle))
for (const circle of circles) console.error(`circle: ${circle}`)
console.log(`${Object.keys(found.obj()).length} files, ${circles.length} circles beside the ${MEANT.length} that ${MEANT.length === 1 ? 'is' : 'are'} meant`)
process.exitCode = circles.length === 0 ? 0 : 1
