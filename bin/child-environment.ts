import { delimiter } from 'node:path'

/** The variables that npx sets for the command that it starts, and that would mislead an npm inside of it. */
const SET_BY_NPX = /^(INIT_CWD|COLOR|NODE|npm_(command|execpath|node_execpath|lifecycle_.*|package_.*|config_(global_prefix|local_prefix|node_gyp|npm_version|user_agent|yes)))$/
const SET_BY_PREFIX = /^npm_config_(prefix|globalconfig)$/
const LAST_PATH_OF_NPM = /[\\/]run-script[\\/]lib[\\/]node-gyp-bin$/

/**
 * Makes the environment of a command under `runcast exec`, the same as it has without it. The additions of npx are taken
 * out again, above all the folders of this clone in `PATH` and its `--prefix`.
 *
 * @param clone the folder that npx may have been given as `--prefix`
 * @param colourDepth the bits of colour of the terminal that shows the output; 1 for no terminal. `FORCE_COLOR` tells it to
 *   programs, which can't see it through a pipe
 */
export function childEnvironment (environment: NodeJS.ProcessEnv, clone: string, colourDepth: number): NodeJS.ProcessEnv {
  const own = environment['npm_lifecycle_event'] === 'npx' ? withoutNpx(environment, clone) : { ...environment }
  if (colourDepth > 1 && own['FORCE_COLOR'] === undefined && own['NO_COLOR'] === undefined) {
    own['FORCE_COLOR'] = colourDepth >= 24 ? '3' : colourDepth >= 8 ? '2' : '1'
  }
  return own
}

function withoutNpx (environment: NodeJS.ProcessEnv, clone: string): NodeJS.ProcessEnv {
  const prefixed = environment['npm_config_prefix'] === clone
  const own = Object.fromEntries(Object.entries(environment)
    .filter(([name]) => !SET_BY_NPX.test(name) && !(prefixed && SET_BY_PREFIX.test(name))))
  const folders = (environment['PATH'] ?? '').split(delimiter)
  const last = folders.findIndex((folder) => LAST_PATH_OF_NPM.test(folder))
  return { ...own, PATH: folders.slice(last + 1).join(delimiter) }
}
