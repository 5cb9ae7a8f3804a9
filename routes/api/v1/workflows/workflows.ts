import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../../../../schemas/problem.ts'
import { WorkflowParamsSchema, WorkflowQuerySchema } from '../../../../schemas/workflows.ts'
import { WorkflowNotFoundError } from '../../../../services/engine/errors.ts'
import { toWorkflowDetail, toWorkflowList } from '../../../../services/engine/workflows.ts'

/** The workflows that are deployed. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get('/', {
    onRequest: fastify.requireAccess('runs:read'),
    schema: {
      operationId: 'listWorkflows',
      tags: ['workflows'],
      summary: 'List the workflows that can be run',
      description: 'Those whose definitions in WORKFLOWS_DIR are good, as they are now, and what is wrong with the others.',
      response: { 200: Type.Ref('WorkflowList#'), ...problems(401, 403) }
    }
  }, async () => toWorkflowList(await fastify.engine.directory(), fastify.config))

  fastify.get('/:name', {
    onRequest: fastify.requireAccess('runs:read'),
    schema: {
      operationId: 'getWorkflow',
      tags: ['workflows'],
      summary: 'One workflow with its definition and its graph',
      params: WorkflowParamsSchema,
      querystring: WorkflowQuerySchema,
      response: { 200: Type.Ref('Workflow#'), ...problems(400, 401, 403, 404) }
    }
  }, async ({ params: { name }, query: { version = null } }) => {
    const directory = await fastify.engine.directory()
    const workflow = await directory.find(name, version)
    if (workflow === null) throw new WorkflowNotFoundError()
    return toWorkflowDetail(workflow, fastify.config)
  })
}

export default routes
