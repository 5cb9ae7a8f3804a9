import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import t from 'tap'

const UI = fileURLToPath(new URL('../../ui/dist', import.meta.url))

/** The most bytes, gzipped, that a browser loads before a page is there. */
const MAX_INITIAL = 250_000

const STATIC_IMPORT = /(?:\bimport|\bfrom)\s*["']\.\/([\w.-]+\.js)["']/g
const DYNAMIC_IMPORT = /\bimport\(\s*[`"']\.\/([\w.-]+\.js)[`"']\s*\)/g

function read (name: string): string {
  return readFileSync(join(UI, 'assets', name), 'utf8')
}

function namesIn (text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name)
}

/** The scripts and all scripts that they import, directly or not. */
function withImports (names: readonly string[], found = new Set<string>()): Set<string> {
  for (const name of names) {
    if (found.has(name)) continue
    found.add(name)
    withImports(namesIn(read(name), STATIC_IMPORT), found)
  }
  return found
}

const page = readFileSync(join(UI, 'index.html'), 'utf8')
const entries = [...page.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, path = '']) => basename(path))
const parts = [...withImports(entries)].flatMap((name) => namesIn(read(name), DYNAMIC_IMPORT))

for (const part of ['execution-monitor-page', 'run-detail-view']) {
  t.test(`${part} takes less than 250 kB of scripts until it is there`, async (t) => {
    const [chunk = ''] = parts.filter((name) => name.startsWith(part))
    const scripts = withImports([...entries, chunk])
    const size = [...scripts].reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0)
    t.comment(`${size} bytes in ${scripts.size} files`)
    t.ok(size > 50_000 && size < MAX_INITIAL, `${size} bytes`)
    for (const late of ['plot-chart', 'markdown-text', 'json-tree', 'text-diff', 'record-table']) {
      t.notOk([...scripts].some((name) => name.startsWith(late)), `${late} is loaded when it is needed`)
    }
  })
}
