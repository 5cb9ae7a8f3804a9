import { existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { waitUntil } from '../helpers/wait-until.ts'
import { createProject, startProgram, type Project } from './project.ts'

const leftovers = ({ folder }: Project) => readdirSync(folder, { recursive: true }).filter((name) => /\.dist-(?:next|old)-/.test(String(name)))
const releases = ({ folder }: Project) => readdirSync(folder).filter((name) => /^\.dist-\d+$/.test(name)).length

t.test('a build makes all parts, each after those that it needs, and a second one makes nothing', async (t) => {
  const project = await createProject(t)
  const order = await project.built()
  t.same(order.toSorted(), ['library', 'pages', 'service', 'tool'])
  t.ok(order.indexOf('library') < order.indexOf('tool'))
  t.ok(order.indexOf('service') > Math.max(order.indexOf('library'), order.indexOf('pages')))
  t.same(await project.built(), [])
  t.same(leftovers(project), [])
  t.equal(project.read('dist/pages/index.js'), "export default 'pages 1'\n")
})

t.test('a source that is touched, added or removed makes its part and the dependents new, and no other', async (t) => {
  const project = await createProject(t)
  await project.built()
  const now = new Date()
  utimesSync(join(project.folder, 'tool/src/index.js'), now, now)
  t.same(await project.built(), ['tool'])
  project.write('pages/src/more.js', '')
  t.same(await project.built(), ['pages', 'service'])
  rmSync(join(project.folder, 'pages/src/more.js'))
  t.same(await project.built(), ['pages', 'service'])
  utimesSync(join(project.folder, 'library/src/index.js'), now, now)
  t.same((await project.built()).toSorted(), ['library', 'service', 'tool'])
  utimesSync(join(project.folder, 'common.txt'), now, now)
  t.equal((await project.built()).length, 4)
})

t.test('an output that is missing or incomplete is built again', async (t) => {
  const project = await createProject(t)
  await project.built()
  rmSync(join(project.folder, 'library/dist'), { recursive: true })
  t.same(await project.built(), ['library'])
  rmSync(join(project.folder, 'dist/pages/index.js'))
  t.same(await project.built(), ['service'])
  t.ok(existsSync(join(project.folder, 'dist/pages/index.js')))
  rmSync(join(project.folder, 'dist'))
  t.same(await project.built(), ['service'])
  t.same(await project.built(), [])
})

t.test('parts can be named, and all can be built whatever their state', async (t) => {
  const project = await createProject(t)
  t.same(await project.built('tool'), ['library', 'tool'])
  t.notOk(existsSync(join(project.folder, 'dist')))
  t.same((await project.built()).toSorted(), ['pages', 'service'])
  t.equal((await project.built('--all')).length, 4)
  const wrong = project.build('toll')
  t.equal(await wrong.exited, 1)
  t.equal(wrong.stderr(), 'There is no part toll. The parts are library, tool, pages, service.\n')
})

t.test('a build that was killed leaves the old output in its place, and is done again', async (t) => {
  const project = await createProject(t)
  await project.built()
  project.write('library/src/index.js', "export default 'library 2'\n")
  project.write('hold-library', '')
  const killed = project.build()
  await waitUntil('the library is half built', () => leftovers(project).some((name) => String(name).endsWith('first.js')))
  killed.kill('SIGKILL')
  await killed.exited
  t.equal(project.read('library/dist/index.js'), "export default 'library 1'\n")
  rmSync(join(project.folder, 'hold-library'))

  t.same((await project.built()).toSorted(), ['library', 'service', 'tool'])
  t.equal(project.read('library/dist/index.js'), "export default 'library 2'\n")
  t.same(await project.built(), [])
})

t.test('a build that fails says so, leaves the old output, and is done again', async (t) => {
  const project = await createProject(t)
  await project.built()
  project.write('pages/src/index.js', 'broken\n')
  const failing = project.build()
  t.equal(await failing.exited, 1)
  t.match(failing.stderr(), /broken source of pages[^]*`sh compile\.sh pages .*` in .* ended with code 1\.\n$/)
  t.equal(project.read('pages/dist/index.js'), "export default 'pages 1'\n")
  t.same(leftovers(project), [])
  const start = startProgram(t, project.folder, 'npm', ['start'])
  t.equal(await start.exited, 1, 'a service does not start without its parts')
  project.write('pages/src/index.js', "export default 'pages 2'\n")
  t.same(await project.built(), ['pages', 'service'])
})

t.test('of two builds at once the second waits and then finds everything built', async (t) => {
  const project = await createProject(t)
  project.write('hold-library', '')
  const first = project.build()
  await waitUntil('the library is being built', () => project.log().includes('library'))
  const second = project.build()
  await waitUntil('the second waits', () => second.stderr() === 'Another build runs in this checkout. Waiting for it.\n')
  rmSync(join(project.folder, 'hold-library'))
  t.same(await Promise.all([first.exited, second.exited]), [0, 0])
  t.equal(project.log().length, 4)
})

t.test('a lock that nobody holds any more is no obstacle', async (t) => {
  const project = await createProject(t)
  await project.built()
  const lock = join(project.folder, '.build/lock')
  const gone = project.build()
  await gone.exited
  writeFileSync(lock, String(gone.pid))
  t.same(await project.built(), [], 'its process is gone')
  writeFileSync(lock, String(process.pid))
  utimesSync(lock, 0, 0)
  t.same(await project.built(), [], 'another process got the id')
  t.notOk(existsSync(lock))
})

t.test('a running service keeps the files that it started with, until it ends', async (t) => {
  const project = await createProject(t)
  const first = startProgram(t, project.folder, 'npm', ['start'])
  const url = await first.printed(/listening at (\S+)/)
  const direct = startProgram(t, project.folder, process.execPath, ['dist/server.js'])
  const directUrl = await direct.printed(/listening at (\S+)/)
  const pageOf = async (at: string) => (await fetch(at)).text()

  for (const version of [2, 3, 4, 5]) {
    project.write('pages/src/index.js', `export default 'pages ${version}'\n`)
    t.same(await project.built(), ['pages', 'service'])
    t.equal(await pageOf(url), "export default 'pages 1'\n")
    if (version <= 3) t.equal(await pageOf(directUrl), "export default 'pages 1'\n")
  }
  t.equal(releases(project), 4, 'the one in use and the last three')

  const second = startProgram(t, project.folder, 'npm', ['start'])
  t.equal(await pageOf(await second.printed(/listening at (\S+)/)), "export default 'pages 5'\n")
  t.equal(second.stderr(), '')

  first.kill('SIGTERM')
  t.equal(await first.exited, 0, 'the signal reaches the service, whose exit code is that of the start')
  t.match(first.stdout(), 'stopping')
  const third = startProgram(t, project.folder, 'npm', ['start'])
  await third.printed(/listening at/)
  t.equal(releases(project), 3, 'its folder goes with it')
})
