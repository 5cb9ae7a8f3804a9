import reactHooks from 'eslint-plugin-react-hooks'
import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  { files: ['ui/**/*.{ts,tsx}'], ...reactHooks.configs.flat.recommended }
]
