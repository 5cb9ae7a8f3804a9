import reactHooks from 'eslint-plugin-react-hooks'
import neostandard, { resolveIgnoresFromGitignore } from 'neostandard'

const { plugins, rules } = reactHooks.configs.flat.recommended

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  {
    files: ['ui/**/*.{ts,tsx}'],
    plugins,
    // The one that is off speaks of what the React Compiler leaves out, which is not used.
    rules: { ...rules, 'react-hooks/incompatible-library': 'off' }
  },
  {
    // Expressions of workflow definitions look like template literals.
    files: ['packages/engine/**/*.ts'],
    rules: { 'no-template-curly-in-string': 'off' }
  }
]
