import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import t from 'tap'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

/** The bound of the entry with its imports, minified and gzipped, in bytes. */
const MAX_SIZE = 7_100

/** Resolutions that are not checked: the package is for ECMAScript modules only. */
const COMMON_JS = new Set(['node10', 'node16-cjs'])

t.test('without React the client takes less than 7.1 kB of a page', async (t) => {
  const { outputFiles: [bundle] } = await build({ entryPoints: [join(PACKAGE, 'dist/index.js')], bundle: true, minify: true, format: 'esm', platform: 'browser', write: false })
  const size = gzipSync(bundle?.contents ?? '', { level: 9 }).length
  t.comment(`${size} bytes`)
  t.ok(size > 0 && size < MAX_SIZE, `${size} bytes`)
})

t.test('the package has nothing that publint finds wrong', async (t) => {
  const { messages } = await publint({ pkgDir: PACKAGE, strict: true })
  t.same(messages, [])
})

t.test('the published package holds what was built and no tests, and its importers find the types', async (t) => {
  const directory = t.testdir()
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], { cwd: PACKAGE, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' }))
  const files: { path: string }[] = packed.files
  t.same(files.map(({ path }) => path).filter((path) => !path.startsWith('dist/')).sort(), ['README.md', 'package.json'])
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(join(directory, packed.filename))))
  if (analysis.types === false) throw new Error('the package has no types')
  t.same(Object.keys(analysis.entrypoints).sort(), ['.', './lines', './react'])
  t.same(analysis.problems.filter((problem) => !('resolutionKind' in problem && COMMON_JS.has(problem.resolutionKind))), [])
})
