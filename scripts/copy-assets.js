// Copies what the compiler leaves behind, beside the compiled files that read it, and the built user interface.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

for (const entry of readdirSync(join(root, 'services'), { recursive: true })) {
  if (entry.endsWith('.lua')) cpSync(join(root, 'services', entry), join(root, 'dist/services', entry))
}

const ui = join(root, 'dist/ui/dist')
rmSync(ui, { recursive: true, force: true })
cpSync(join(root, 'ui/dist'), ui, { recursive: true })

// The service sends these to whoever takes them, and compresses nothing itself.
for (const entry of readdirSync(join(ui, 'assets'))) {
  const path = join(ui, 'assets', entry)
  if (!/\.(?:js|css|svg|json)$/.test(entry)) continue
  const content = readFileSync(path)
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
}
