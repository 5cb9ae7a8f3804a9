import boundaries from 'eslint-plugin-boundaries'

/**
 * The floors of the house, the ground floor first. A file may import from its own room, and from every room on a floor
 * below; never from another room on its floor, nor from above.
 */
const FLOORS = [
  ['packages/protocol/src'],
  ['packages/client/src', 'schemas', 'services/logging'],
  ['packages/engine/src', 'services/lmdb', 'services/redis'],
  ['services/run-log'],
  ['services/auth', 'services/events', 'services/pubsub', 'services/sse'],
  ['services/ingest', 'services/topic'],
  ['services/feed', 'services/stream'],
  ['services/engine'],
  ['plugins'],
  ['routes']
]

const ROOMS = FLOORS.flat()

/** Says who may import whom. */
export const layers = {
  files: ROOMS.map((room) => `${room}/**`),
  plugins: { boundaries },
  settings: {
    'boundaries/elements': ROOMS.map((room) => ({ type: room, partialMatch: false, pattern: `${room}/**` }))
  },
  rules: {
    'boundaries/dependencies': ['error', {
      default: 'disallow',
      policies: FLOORS.flatMap((rooms, floor) => rooms.map((room) => ({
        from: { element: { type: room } },
        allow: { to: { element: { type: [room, ...FLOORS.slice(0, floor).flat()] } } }
      })))
    }]
  }
}
