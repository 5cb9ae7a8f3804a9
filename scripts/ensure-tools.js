#!/usr/bin/env node
// Makes sure that programs the tests need are installed: node scripts/ensure-tools.js redis-server [...]
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const same = (name) => ({ 'apt-get': name, dnf: name, apk: name, brew: name })

/** The package that holds each tool, for each package manager. */
const PACKAGES = {
  'redis-server': { ...same('redis'), 'apt-get': 'redis-server' },
  chromium: same('chromium'),
  nginx: same('nginx'),
  haproxy: same('haproxy'),
  python3: same('python3'),
  'python3-requests': { ...same('python3-requests'), apk: 'py3-requests' },
  'python3-httpx': { ...same('python3-httpx'), apk: 'py3-httpx' },
  curl: same('curl'),
  faketime: { ...same('libfaketime'), 'apt-get': 'faketime' }
}

/** The commands of each package manager, and its need of root. */
const MANAGERS = {
  'apt-get': { root: true, prepare: ['update'], install: ['install', '--yes', '--no-install-recommends'] },
  dnf: { root: true, install: ['install', '--assumeyes'] },
  apk: { root: true, install: ['add', '--no-cache'] },
  brew: { root: false, install: ['install'] }
}

const POLICY = '/usr/sbin/policy-rc.d'

/** The Python modules among the tools. They belong to the system's own Python. */
const MODULES = { 'python3-requests': 'requests', 'python3-httpx': 'httpx' }

function isInstalled (tool) {
  if (tool in MODULES) return spawnSync('/usr/bin/python3', ['-c', `import ${MODULES[tool]}`]).status === 0
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      const file = join(directory, tool)
      accessSync(file, constants.X_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  })
}

function run (command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  return status === 0
}

/** Runs `install` while Debian's packages may not start the services that they bring. */
function withoutServices (install) {
  if (existsSync(POLICY)) return install()
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  // With a handler, Ctrl-C ends the installation but not this process before it has tidied up.
  process.on('SIGINT', () => {})
  try {
    return install()
  } finally {
    rmSync(POLICY, { force: true })
  }
}

function install (manager, packages) {
  const { prepare, install } = MANAGERS[manager]
  if (prepare !== undefined && !run(manager, prepare)) console.error(`${manager} ${prepare.join(' ')} failed; trying to install all the same.`)
  const installPackages = () => run(manager, [...install, ...packages])
  return manager === 'apt-get' ? withoutServices(installPackages) : installPackages()
}

function fail (message) {
  console.error(message)
  process.exit(1)
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((tool) => !(tool in PACKAGES))
if (unknown.length > 0) fail(`ensure-tools knows ${Object.keys(PACKAGES).join(', ')}, not ${unknown.join(', ')}.`)

const missing = wanted.filter((tool) => !isInstalled(tool))
if (missing.length > 0) {
  const manager = Object.keys(MANAGERS).find(isInstalled)
  if (manager === undefined) fail(`Please install: ${missing.join(', ')}.`)
  const packages = missing.map((tool) => PACKAGES[tool][manager])
  const command = `${manager} ${MANAGERS[manager].install.join(' ')} ${packages.join(' ')}`
  if (MANAGERS[manager].root && process.getuid?.() !== 0) fail(`The tests need ${missing.join(', ')}. Please install with:\n  sudo ${command}`)
  console.log(`Installing ${packages.join(', ')} with ${manager}.`)
  install(manager, packages)
  const absent = missing.filter((tool) => !isInstalled(tool))
  if (absent.length > 0) fail(`Still missing: ${absent.join(', ')}. Please install by hand, for instance with:\n  ${command}`)
}
