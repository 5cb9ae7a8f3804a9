import boundaries from 'eslint-plugin-boundaries'

const GROUND = [
  ['packages/protocol/src'],
  ['packages/client/src', 'schemas']
]

/**
 * The houses that stand on the ground, each a list of floors, the lowest first. A file may import from its own room and
 * from every room on a floor below; never from another room on its floor, from above, or from another house.
 */
const HOUSES = [
  [
    ...GROUND,
    ['packages/engine/src', 'services/gateway', 'services/logging', 'services/problems'],
    ['services/lmdb', 'services/redis'],
    ['services/run-log'],
    ['services/auth', 'services/events', 'services/pubsub', 'services/sse', 'services/ui'],
    ['services/diagnostics', 'services/ingest', 'services/topic'],
    ['services/feed', 'services/stream'],
    ['services/engine'],
    ['plugins'],
    ['routes']
  ],
  [
    ...GROUND,
    ['ui/src/json', 'ui/src/status'],
    ['ui/src/api'],
    ['ui/src/format', 'ui/src/session'],
    ['ui/src/shell'],
    ['ui/src/flow', 'ui/src/login', 'ui/src/start'],
    ['ui/src/monitor', 'ui/src/run', 'ui/src/workflows']
  ],
  [
    ...GROUND,
    ['bin']
  ]
]

const ROOMS = [...new Set(HOUSES.flat(2))]
const FILES = ROOMS.map((room) => `${room}/**`)

const policies = HOUSES.flatMap((floors) => floors.flatMap((rooms, floor) => rooms.map((room) => ({
  from: { element: { type: room } },
  allow: { to: { element: { type: [room, ...floors.slice(0, floor).flat()] } } }
}))))

/** Says who may import whom. */
export const layers = [
  {
    files: FILES,
    plugins: { boundaries },
    settings: {
      'boundaries/elements': ROOMS.map((room) => ({ type: room, partialMatch: false, pattern: `${room}/**` }))
    },
    rules: { 'boundaries/dependencies': ['error', { default: 'disallow', policies }] }
  },
  {
    files: ['services/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        paths: ['fastify', 'fastify-plugin'].map((name) => ({ name, message: 'A service knows no Fastify: wire it in a plugin.' })),
        patterns: [{ regex: '^(\\.\\./)+(plugins|routes|bin)/|^(\\.\\./)+(app|server)\\.ts$', message: 'A service is below plugins, routes and pages.' }]
      }]
    }
  },
  {
    // Settings, metrics, processes and the publisher stand beside the rooms. Only these rooms may know them.
    files: ['services/*/**/*.ts'],
    ignores: ['services/engine/**'],
    rules: {
      'no-restricted-syntax': ['error', {
        selector: 'ImportDeclaration[source.value=/^(\\.\\.\\/)+(config|first-line|metrics|process-questions|processes|publisher|setting-names)\\.ts$/]',
        message: 'Take the setting or function as an argument: a plugin knows the settings.'
      }]
    }
  },
  {
    files: ['ui/src/**/*.{ts,tsx}', 'bin/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '/(services|plugins|routes)/|/(app|server)\\.ts$', message: 'Pages and command know the service through packages/ and schemas/.' }] }]
    }
  },
  {
    files: ['packages/protocol/src/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^[^.]', message: 'The protocol has no dependencies.' }] }]
    }
  }
]
