import { createServer } from 'node:http'
import { listen } from '../../../runtime/server.ts'
import { serveCpu } from './report-cpu.ts'

/** The least that Node can do for an HTTP answer: the same bytes, whatever is asked. */
const body = Buffer.alloc(Number(process.argv[2]), 'x')
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length })
  response.end(body)
})
const port = await listen(server, 0, '127.0.0.1')
serveCpu(`http://127.0.0.1:${port}`)
