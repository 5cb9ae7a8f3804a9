import { test } from 'tap'
import { childEnvironment } from '../../bin/child-environment.ts'

test('a command whose output ends in a terminal is told to colour, unless the user has decided', (t) => {
  t.equal(childEnvironment({}, '/clone', 1)['FORCE_COLOR'], undefined)
  t.equal(childEnvironment({}, '/clone', 4)['FORCE_COLOR'], '1')
  t.equal(childEnvironment({}, '/clone', 8)['FORCE_COLOR'], '2')
  t.equal(childEnvironment({}, '/clone', 24)['FORCE_COLOR'], '3')
  t.equal(childEnvironment({ FORCE_COLOR: '0' }, '/clone', 24)['FORCE_COLOR'], '0')
  t.equal(childEnvironment({ NO_COLOR: '1' }, '/clone', 24)['FORCE_COLOR'], undefined)
  t.end()
})

test('without npx the environment stays as it is, also under npm run', (t) => {
  const environment = { PATH: '/a:/b', npm_lifecycle_event: 'test', npm_package_name: 'x', INIT_CWD: '/x' }
  t.same(childEnvironment(environment, '/clone', 1), environment)
  t.end()
})

test('what npx added is taken out, and what the user has set stays', (t) => {
  const own = { PATH: '/x/node_modules/.bin:/npm/run-script/lib/node-gyp-bin:/usr/bin', npm_config_registry: 'https://r', npm_config_cache: '/c', EDITOR: 'vi', npm_config_prefix: '/home/me/.npm' }
  const byNpx = {
    PATH: `/clone/node_modules/.bin:/npm/run-script/lib/node-gyp-bin:${own.PATH}`,
    INIT_CWD: '/x',
    COLOR: '0',
    NODE: '/usr/bin/node',
    npm_command: 'exec',
    npm_execpath: '/npm',
    npm_lifecycle_event: 'npx',
    npm_lifecycle_script: 'runcast',
    npm_package_name: 'runcast',
    npm_config_local_prefix: '/clone',
    npm_config_user_agent: 'npm'
  }
  t.same(childEnvironment({ ...own, ...byNpx }, '/clone', 1), own)
  t.same(childEnvironment({ ...byNpx, npm_config_prefix: '/clone', npm_config_globalconfig: '/clone/etc/npmrc' }, '/clone', 1), { PATH: own.PATH })
  t.end()
})
