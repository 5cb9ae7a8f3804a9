import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/helpers/redis/redis-server.ts'
import { listens, SERVER_CPU, startPinned, stop, untilReady } from '../processes.ts'
import { processesOf, type ServerKind } from './server.ts'

/** The paths at which distributions put the module. */
const MODULES = ['/usr/lib/nginx/modules/ngx_nchan_module.so', '/usr/lib64/nginx/modules/ngx_nchan_module.so']

/** Nchan, the module of nginx, with its memory store and one worker. Its publishers speak HTTP with that worker. */
export const nchan: ServerKind = {
  name: 'nchan',
  title: 'Nchan',
  missing: () => moduleFile() === null ? 'libnginx-mod-nchan' : null,
  async start ({ directory }) {
    const port = await freePort()
    const home = join(directory, 'nchan')
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'nginx.conf'), configuration(home, port))
    const child = startPinned({ command: ['nginx', '-p', home, '-c', join(home, 'nginx.conf')], cpus: SERVER_CPU, log: join(directory, 'nchan.log') })
    await untilReady(child, () => listens(port))
    return {
      port,
      path: '/api/v1/workflow-runs/{run}/stream',
      headers: [],
      publish: { how: 'nchan', port, target: '/publish/{run}' },
      ...processesOf(child),
      stop: () => stop(child)
    }
  }
}

function moduleFile (): string | null {
  return MODULES.find((file) => existsSync(file)) ?? null
}

function configuration (home: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/${name};`).join(' ')
  return `load_module ${moduleFile()};
worker_processes 1;
worker_rlimit_nofile 20000;
daemon off;
error_log ${home}/error.log warn;
pid ${home}/nginx.pid;
events { worker_connections 19000; }
http {
  access_log off;
  keepalive_requests 100000000;
  nchan_shared_memory_size 512M;
  ${temporary}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/publish/(.+)$ {
      nchan_publisher;
      nchan_channel_id $1;
      nchan_message_buffer_length 2000;
      nchan_message_timeout 60s;
    }
    location ~ ^/api/v1/workflow-runs/([^/]+)/stream {
      nchan_subscriber eventsource;
      nchan_channel_id $1;
      nchan_subscriber_first_message newest;
    }
  }
}
`
}
