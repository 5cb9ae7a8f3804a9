import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createWorkflowDirectory, type WorkflowDirectory } from '../../src/definition/workflow-directory.ts'
import { createEvaluator } from '../../src/expression/jq-evaluator.ts'
import { waitUntil } from '../support/wait-until.ts'

const evaluator = createEvaluator({ deadlineMs: 20_000, maxOutputBytes: 1_000_000 })
t.teardown(() => evaluator.close())

function definition (name: string, version = '1.0.0', title = 'First'): string {
  return JSON.stringify({ document: { dsl: '1.0.3', namespace: 'test', name, version, title }, do: [{ a: { set: { x: 1 } } }] })
}

interface Watched {
  readonly path: string
  readonly watched: WorkflowDirectory
  readonly warnings: object[]
  /** Lists workflows, such as `a 1.0.0 First`, then faults, such as `x.yaml /do`. */
  listed (): Promise<string[]>
  /** Waits until the directory lists this by itself. */
  shows (...expected: string[]): Promise<void>
}

async function watchDirectory (t: Test, prepare: (path: string) => Promise<void> = async () => {}): Promise<Watched> {
  const root = await mkdtemp(join(tmpdir(), 'workflows-'))
  const path = join(root, 'workflows')
  await prepare(path)
  const warnings: object[] = []
  const watched = createWorkflowDirectory({ directory: path, evaluator, logger: { info () {}, warn: (fields) => { warnings.push(fields) }, error () {} } })
  t.teardown(async () => {
    await watched.close()
    await rm(root, { recursive: true })
  })
  const listed = async () => {
    const { workflows, faults } = await watched.list()
    return [...workflows.map(({ name, version, title }) => `${name} ${version} ${title}`), ...faults.map(({ file, path }) => `${file} ${path}`)]
  }
  const shows = async (...expected: string[]) => {
    await waitUntil(`${expected.join(', ')} is listed`, async () => JSON.stringify(await listed()) === JSON.stringify(expected))
    t.pass(`listed: ${expected.join(', ') || 'nothing'}`)
  }
  return { path, watched, warnings, listed, shows }
}

t.test('the files of a directory are its workflows, by name and the highest version first', async (t) => {
  const { watched, listed } = await watchDirectory(t, async (path) => {
    await mkdir(join(path, 'folder.yaml'), { recursive: true })
    for (const [file, text] of [
      ['b.yaml', definition('b')], ['a.json', definition('a', '1.9.0')], ['c.yml', definition('a', '1.10.0')], ['D.YAML', definition('a', '2.0.0-rc.1')],
      ['e.json', definition('a', '1.10.0-alpha')], ['readme.md', 'text'], ['.hidden.yaml', definition('hidden')]
    ] as const) await writeFile(join(path, file), text)
  })
  t.same(await listed(), ['a 2.0.0-rc.1 First', 'a 1.10.0 First', 'a 1.10.0-alpha First', 'a 1.9.0 First', 'b 1.0.0 First'])
  t.match(await watched.find('a', null), { version: '2.0.0-rc.1' })
  t.match(await watched.find('a', '1.9.0'), { version: '1.9.0' })
  t.equal(await watched.find('a', '3.0.0'), null)
  t.equal(await watched.find('constructor', null), null)
})

t.test('a bad file is reported and leaves the others alone', async (t) => {
  const { path, watched, warnings, shows } = await watchDirectory(t, async (path) => {
    await mkdir(path)
    await writeFile(join(path, 'good.json'), definition('good'))
    await writeFile(join(path, 'bad.yaml'), 'document: [')
    await writeFile(join(path, 'worse.yaml'), definition('worse').replace('"set"', '"nothing"'))
  })
  await shows('good 1.0.0 First', 'bad.yaml ', 'worse.yaml /do/0/a')
  t.match(warnings, [{ files: ['bad.yaml', 'worse.yaml'], faults: [{ file: 'bad.yaml', message: /YAML/ }, { file: 'worse.yaml', path: '/do/0/a' }] }])
  await watched.reload()
  t.equal(warnings.length, 1, 'it is logged once')
  await writeFile(join(path, 'bad.yaml'), definition('bad'))
  await shows('bad 1.0.0 First', 'good 1.0.0 First', 'worse.yaml /do/0/a')
})

t.test('versions with numbers beyond all bounds are listed too, and spoil nothing', async (t) => {
  const { path, listed, shows } = await watchDirectory(t, async (path) => {
    await mkdir(path)
    await writeFile(join(path, 'one.json'), definition('a', '1.0.0'))
    await writeFile(join(path, 'other.json'), definition('a', '1.0.20261123135258123'))
  })
  t.same(await listed(), ['a 1.0.20261123135258123 First', 'a 1.0.0 First'])
  await unlink(join(path, 'other.json'))
  await shows('a 1.0.0 First')
})

t.test('two files with the same name and version are a fault of the second', async (t) => {
  const { path, watched, shows } = await watchDirectory(t, async (path) => {
    await mkdir(path)
    await writeFile(join(path, '1.json'), definition('a', '1.0.0', 'one'))
    await writeFile(join(path, '2.json'), definition('a', '1.0.0', 'two'))
  })
  await shows('a 1.0.0 one', '2.json /document/version')
  t.match((await watched.list()).faults, [{ message: '1.json has a 1.0.0 already: give this one another version.' }])
  await unlink(join(path, '1.json'))
  await shows('a 1.0.0 two')
})

t.test('changes are seen: in place, by a rename, of a new and of a removed file', async (t) => {
  const { path, shows } = await watchDirectory(t, async (path) => { await mkdir(path) })
  await shows()
  await writeFile(join(path, 'a.json'), definition('a'))
  await shows('a 1.0.0 First')
  await writeFile(join(path, 'a.json'), definition('a', '1.0.0', 'Second'))
  await shows('a 1.0.0 Second')
  await writeFile(join(path, 'a.tmp'), definition('a', '1.0.0', 'Third!'))
  await rename(join(path, 'a.tmp'), join(path, 'a.json'))
  await shows('a 1.0.0 Third!')
  await unlink(join(path, 'a.json'))
  await shows()
})

t.test('the exchange of a symbolic link is seen, as Kubernetes updates a ConfigMap', async (t) => {
  const { path, shows } = await watchDirectory(t, async (path) => {
    await mkdir(join(path, '..2026_1'), { recursive: true })
    await writeFile(join(path, '..2026_1', 'a.yaml'), definition('a'))
    await symlink('..2026_1', join(path, '..data'))
    await symlink(join('..data', 'a.yaml'), join(path, 'a.yaml'))
  })
  await shows('a 1.0.0 First')
  await mkdir(join(path, '..2026_2'))
  await writeFile(join(path, '..2026_2', 'a.yaml'), definition('a', '1.0.0', 'Second'))
  await symlink('..2026_2', join(path, '..data_tmp'))
  await rename(join(path, '..data_tmp'), join(path, '..data'))
  await rm(join(path, '..2026_1'), { recursive: true })
  await shows('a 1.0.0 Second')
})

t.test('a directory may appear, go and come back', async (t) => {
  const { path, shows } = await watchDirectory(t)
  await shows()
  await mkdir(path)
  await writeFile(join(path, 'a.json'), definition('a'))
  await shows('a 1.0.0 First')
  await rename(path, `${path}-old`)
  await shows()
  await mkdir(path)
  await writeFile(join(path, 'b.json'), definition('b'))
  await shows('b 1.0.0 First')
})
