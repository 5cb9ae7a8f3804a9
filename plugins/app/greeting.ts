import cluster from 'node:cluster'
import fp from 'fastify-plugin'

/** The options of the plugin. */
export interface GreetingOptions {
  /** Prints the address and the login URL of a development start; to the standard output when left out. */
  readonly print?: (text: string) => void
}

/** Prints the address and a login URL at a development start. They are no log lines: a log keeps no login code. */
export default fp<GreetingOptions>(async (fastify, { print = (text) => { process.stdout.write(text) } }) => {
  fastify.onStart(async () => {
    // The first of several processes speaks for all.
    const isFirst = cluster.worker === undefined || cluster.worker.id === 1
    if (fastify.loginCodes === null || !isFirst) return
    const login = await fastify.developmentLogin() ?? 'npx runcast login, once Redis answers'
    print(`\nRuncast is up: ${fastify.listeningOrigin}${fastify.config.BASE_PATH}\nLog in with:   ${login}\n\n`)
  })
}, { name: 'greeting', fastify: '5.x', dependencies: ['development', 'shutdown'] })
