/** A way to start a run. */
export interface FirstRunCommand {
  readonly explanation: string
  readonly command: string
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/

/**
 * The ways to start a run. On the service's own machine the commands find the service and a token by themselves.
 *
 * @param page the location of the page
 * @param basePath the path below which the service is found there
 */
export function firstRunCommands ({ hostname, origin }: { readonly hostname: string, readonly origin: string }, basePath: string): FirstRunCommand[] {
  const service = `${origin}${basePath}`
  const isHere = LOOPBACK.test(hostname)
  return [{
    explanation: isHere ? 'Run any command as a run, in another terminal:' : 'Run any command as a run, with a token in RUNCAST_TOKEN:',
    command: `${isHere ? '' : `RUNCAST_URL=${service} `}npx runcast exec -- npm test`
  }, {
    explanation: 'Or publish from your own program, in any language:',
    command: [
      `curl ${service}/api/v1/workflow-runs/my-first-run/events \\`,
      `  -H "authorization: Bearer ${isHere ? '$(npx runcast token)' : '$RUNCAST_TOKEN'}" \\`,
      "  -H 'content-type: application/json' \\",
      "  -d '{\"event_type\": \"log\", \"payload\": {\"message\": \"hello\"}}'"
    ].join('\n')
  }]
}
