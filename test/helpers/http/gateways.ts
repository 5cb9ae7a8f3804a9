import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { end, onFreePort } from '../redis/redis-server.ts'
import { temporaryDirectory } from '../service/app.ts'
import { waitUntil } from '../wait-until.ts'

const GATEWAYS = new URL('../../../deploy/gateways/', import.meta.url)

/** A real gateway in front of one service, on a free port of 127.0.0.1; ended at the test's teardown. */
export interface RealGateway {
  readonly url: string
  readonly port: number
}

/** Starts nginx as deploy/gateways has it. @param target the port of the service; @param edit changes the file */
export async function startNginx (t: Test, target: number, edit: (file: string) => string = (file) => file): Promise<RealGateway> {
  const file = replaced(await readFile(new URL('nginx.conf', GATEWAYS), 'utf8'), '127.0.0.1:3000', `127.0.0.1:${target}`)
  return await startNginxWith(t, (port) => edit(replaced(file, 'listen 80;', `listen 127.0.0.1:${port};`)))
}

/** Starts nginx with the content of its `http` block. */
export async function startNginxWith (t: Test, http: (port: number) => string): Promise<RealGateway> {
  const home = await temporaryDirectory(t)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/${name};`).join(' ')
  return await startGatewayProcess(t, async (port) => {
    const file = join(home, 'nginx.conf')
    await writeFile(file, `worker_processes 1; daemon off; error_log ${home}/error.log warn; pid ${home}/nginx.pid;
      events { worker_connections 512; } http { access_log off; ${temporary} ${http(port)} }`)
    return ['nginx', '-p', home, '-c', file]
  })
}

/** Starts HAProxy as deploy/gateways has it. @param target the port of the service; @param edit changes the file */
export async function startHaproxy (t: Test, target: number, edit: (file: string) => string = (file) => file): Promise<RealGateway> {
  const home = await temporaryDirectory(t)
  const shipped = replaced(await readFile(new URL('haproxy.cfg', GATEWAYS), 'utf8'), '127.0.0.1:3000', `127.0.0.1:${target}`)
  return await startGatewayProcess(t, async (port) => {
    const file = join(home, 'haproxy.cfg')
    await writeFile(file, edit(replaced(shipped, 'bind :80', `bind 127.0.0.1:${port}`)))
    return ['haproxy', '-f', file, '-db']
  })
}

/** Replaces a text, and fails where the shipped file does not have it any more. */
export function replaced (file: string, text: string, by: string): string {
  if (!file.includes(text)) throw new Error(`the file has no ${JSON.stringify(text)}`)
  return file.replaceAll(text, by)
}

async function startGatewayProcess (t: Test, commandFor: (port: number) => Promise<readonly string[]>): Promise<RealGateway> {
  const { port, child } = await onFreePort(async (port) => {
    const [command = '', ...args] = await commandFor(port)
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let output = ''
    child.stderr.on('data', (text: Buffer) => { output += text.toString() })
    const failed = once(child, 'exit').then(() => { throw new Error(`${command} ended:\n${output}`) })
    failed.catch(() => {})
    await Promise.race([failed, waitUntil(`${command} listens`, () => child.exitCode !== null || listens(port))])
    if (child.exitCode !== null) await failed
    return child
  })
  // SIGTERM ends the workers of nginx too.
  t.teardown(() => end(child, 'SIGTERM'))
  return { url: `http://127.0.0.1:${port}`, port }
}

async function listens (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return await once(socket, 'connect').then(() => true, () => false).finally(() => socket.destroy())
}
