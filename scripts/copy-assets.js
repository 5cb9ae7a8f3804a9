// Copies what the compiler leaves behind, beside the compiled files that read it.
import { cpSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

for (const entry of readdirSync(join(root, 'services'), { recursive: true })) {
  if (entry.endsWith('.lua')) cpSync(join(root, 'services', entry), join(root, 'dist/services', entry))
}

cpSync(join(root, 'pages'), join(root, 'dist/pages'), { recursive: true })
