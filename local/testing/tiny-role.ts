import { createServer } from 'node:http'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { serveOperational } from '../../runtime/health.ts'
import { runRole } from '../../runtime/role.ts'
import { closeServer, listen } from '../../runtime/server.ts'

/** The smallest real role: it lives as every role does, and answers with its own name. For tests of what starts and stops roles. */
const { values } = parseArgs({ options: { name: { type: 'string' }, port: { type: 'string' }, 'fails-with': { type: 'string' } } })
const { name = 'tiny', port = '0', 'fails-with': failure } = values

await runRole(name, async ({ health, metrics }) => {
  // The file stands for something that the test breaks and mends.
  if (failure !== undefined && existsSync(failure)) throw new Error(`${name} found ${failure}`)
  const server = createServer((request, response) => {
    void serveOperational(request, response, health, metrics).then((served) => {
      if (!served) response.end(name)
      return served
    })
  })
  const at = await listen(server, Number(port))
  return { url: `http://localhost:${at}`, [Symbol.asyncDispose]: () => closeServer(server) }
})
