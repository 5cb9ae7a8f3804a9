import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import service from '../../app.ts'
import { loadConfig } from '../../services/config.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { TEST_SECRET } from '../helpers/service/tokens.ts'

t.test('a service takes its data directory with its first request, not when it is composed', async (t) => {
  const DATA_DIR = await temporaryDirectory(t)
  const build = async (): Promise<FastifyInstance> => {
    const fastify = Fastify()
    t.teardown(() => fastify.close())
    await fastify.register(service, { config: loadConfig({ JWT_SECRET: TEST_SECRET, DATA_DIR }) })
    await fastify.ready()
    return fastify
  }
  const first = await build()
  const second = await build()
  const answers = await Promise.all([1, 2, 3].map(() => first.inject('/health/ready')))
  t.same(answers.map(({ statusCode }) => statusCode), [200, 200, 200])
  t.equal((await second.inject('/health/ready')).statusCode, 500)
  await first.close()
  t.equal((await second.inject('/health/ready')).statusCode, 200)
})
