import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { run } from './command.js'
import { ROOT } from './root.js'

/** Files that every part depends on: installed versions, compiler options, and the build itself. */
export const COMMON_SOURCES = ['package-lock.json', 'tsconfig.json', 'scripts/build']

const packages = [
  packagePart('protocol', []),
  packagePart('client', ['protocol']),
  packagePart('engine', ['client'])
]

/**
 * The parts of the project; a part stands after the parts that it needs. Paths are relative to the project. `build`
 * fills an empty folder, which then takes the place of `output`, a folder named dist. A part with `isReleased` keeps
 * older outputs for the services that run from them.
 */
export const PARTS = [
  ...packages,
  {
    name: 'ui',
    needs: ['client'],
    sources: [
      ...['index.html', 'package.json', 'src', 'tsconfig.json', 'vite.config.ts'].map((name) => `ui/${name}`),
      'schemas'
    ],
    output: 'ui/dist',
    build: buildPages
  },
  {
    name: 'service',
    needs: [...packages.map(({ name }) => name), 'ui'],
    sources: ['tsconfig.build.json', ...JSON.parse(readFileSync(join(ROOT, 'tsconfig.build.json'), 'utf8')).include],
    output: 'dist',
    isReleased: true,
    build: buildService
  }
]

function packagePart (name, needs) {
  const folder = `packages/${name}`
  return {
    name,
    needs,
    sources: ['src', 'package.json', 'tsconfig.json'].map((source) => `${folder}/${source}`),
    output: `${folder}/dist`,
    build: (output) => run(folder, 'tsc', '--outDir', output)
  }
}

async function buildPages (output) {
  await run('ui', 'vite', 'build', '--outDir', output, '--emptyOutDir')
  compress(join(output, 'assets'))
}

/** The service never compresses: it sends these files to clients that accept them. */
function compress (folder) {
  for (const name of readdirSync(folder).filter((name) => /\.(?:js|css|svg|json)$/.test(name))) {
    const content = readFileSync(join(folder, name))
    writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }))
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
  }
}

/** Makes a folder that needs no other part, so that a running service never meets a newer build of one. */
async function buildService (output) {
  await run('.', 'tsc', '-p', 'tsconfig.build.json', '--outDir', output)
  for (const name of readdirSync(join(ROOT, 'services'), { recursive: true })) {
    if (name.endsWith('.lua')) cpSync(join(ROOT, 'services', name), join(output, 'services', name))
  }
  cpSync(join(ROOT, 'ui/dist'), join(output, 'ui/dist'), { recursive: true })
  for (const { name } of packages) addPackage(join(ROOT, 'packages', name), output)
}

function addPackage (folder, output) {
  const manifest = join(folder, 'package.json')
  const copy = join(output, 'node_modules', JSON.parse(readFileSync(manifest, 'utf8')).name)
  cpSync(manifest, join(copy, 'package.json'))
  cpSync(join(folder, 'dist'), join(copy, 'dist'), { recursive: true })
  const dependencies = join(folder, 'node_modules')
  if (existsSync(dependencies)) symlinkSync(relative(copy, dependencies), join(copy, 'node_modules'))
}
