import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'

const ROOT = join(import.meta.dirname, '../..')

/** Makes a small project with the lint rules of this one. */
function project (t: Test, files: Readonly<Record<string, string>>): string {
  const folder = t.testdir()
  for (const name of ['eslint.config.js', 'eslint.layers.js', 'tsconfig.json', 'package.json', 'scripts/check-circles.js', '.gitignore']) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    cpSync(join(ROOT, name), join(folder, name))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  for (const name of ['plugins', 'routes', 'services', 'schemas', 'packages', 'bin', 'ui/src']) mkdirSync(join(folder, name), { recursive: true })
  for (const [name, text] of Object.entries({ 'app.ts': '', 'server.ts': '', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

function lint (folder: string): string {
  return spawnSync(process.execPath, [join(ROOT, 'node_modules/eslint/bin/eslint.js'), '.'], { cwd: folder, encoding: 'utf8' }).stdout
}

t.test('an import from a floor above, from beside or from another house is refused, also of a type', async (t) => {
  const found = lint(project(t, {
    'services/run-log/log.ts': "import type { A } from '../topic/topic.ts'\n\nexport type B = A\n",
    'services/topic/topic.ts': "import { c } from '../run-log/below.ts'\n\nexport type A = typeof c\n",
    'services/ingest/ingest.ts': "import type { A } from '../topic/topic.ts'\n\nexport type B = A\n",
    'services/run-log/below.ts': 'export const c = 1\n',
    'ui/src/run/page.ts': "import type { A } from '../../../services/topic/topic.ts'\n\nexport type B = A\n"
  }))
  const refused = [...found.matchAll(/^\S*\/((?:services|ui)\/\S+)$/gm)].map(([, file]) => file).toSorted()
  t.strictSame(refused, ['services/ingest/ingest.ts', 'services/run-log/log.ts', 'ui/src/run/page.ts'], found)
})

t.test('a service that knows Fastify, plugins or settings is refused, as are a page that knows a service and a dependency of the protocol', async (t) => {
  const found = lint(project(t, {
    'services/auth/access.ts': "import type { FastifyRequest } from 'fastify'\n\nexport type A = FastifyRequest\n",
    'services/topic/settings.ts': "import { config } from '../config.ts'\n\nexport const settings = config\n",
    'services/config.ts': "import { auth } from '../plugins/app/auth.ts'\n\nexport const config = auth\n",
    'plugins/app/auth.ts': 'export const auth = 1\n',
    'ui/src/run/page.ts': "import { config } from '../../../services/config.ts'\n\nexport const page = config\n",
    'packages/protocol/src/id.ts': "import { hash } from 'node:crypto'\n\nexport const id = hash\n"
  }))
  t.match(found, /A service knows no Fastify/)
  t.match(found, /The protocol has no dependencies/)
  t.match(found, /A service is below plugins/)
  t.match(found, /Take the setting or function as an argument/)
  t.match(found, /Pages and command know the service through packages/)
})

t.test('a circle of files is refused, also one of types', async (t) => {
  const circle = project(t, {
    'services/run-log/a.ts': "import type { B } from './b.ts'\n\nexport interface A { b: B }\n",
    'services/run-log/b.ts': "import type { A } from './a.ts'\n\nexport interface B { a: A }\n"
  })
  const { status, stderr } = spawnSync(process.execPath, ['scripts/check-circles.js'], { cwd: circle, encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, 'circle: services/run-log/a.ts > services/run-log/b.ts')
  const line = project(t, { 'services/run-log/a.ts': 'export type A = 1\n' })
  t.match(execFileSync(process.execPath, ['scripts/check-circles.js'], { cwd: line, encoding: 'utf8' }), '0 circles')
})
