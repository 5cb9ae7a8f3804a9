import reactHooks from 'eslint-plugin-react-hooks'
import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'
import { layers } from './eslint.layers.js'

const { plugins, rules } = reactHooks.configs.flat.recommended

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  ...layers,
  {
    files: ['ui/**/*.{ts,tsx}'],
    plugins,
    // The React Compiler, which this rule is for, is not used.
    rules: { ...rules, 'react-hooks/incompatible-library': 'off' }
  },
  {
    // Expressions of workflow definitions look like template literals.
    files: ['packages/engine/**/*.ts'],
    rules: { 'no-template-curly-in-string': 'off' }
  }
]
