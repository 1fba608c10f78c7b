import type { AddressInfo } from 'node:net'
import { executableSubgraph, subgraphNames } from './executable.ts'
import { createBareServer } from './http.ts'
import { Recorder } from './recorder.ts'
import { Replies } from './replies.ts'
import { marketSubgraphs } from './schemas.ts'

/** What the process of the subgraphs is asked over its channel. */
export type MarketRequest = 'count' | 'record' | 'recorded'

/** One request to a subgraph, as it came. */
export interface RecordedFetch {
  readonly subgraph: string
  readonly body: string
}

/** What it says: where it listens first, then an answer to each request. */
export type MarketMessage = { readonly port: number } | { readonly count: number } | { readonly recording: true } | { readonly waves: readonly (readonly RecordedFetch[])[] }

/** The four subgraphs as one process on one port, `/users`, `/products`, `/reviews` and `/inventory`. */
if (import.meta.main) {
  const replies = new Map(subgraphNames.map((name) => [`/${name}`, { name, replies: new Replies(executableSubgraph(name), marketSubgraphs[name].sdl) }]))
  let count = 0
  let recorder: Recorder | null = null
  const server = createBareServer((path, body) => {
    count++
    const subgraph = replies.get(path)
    if (subgraph === undefined) return Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
    if (recorder === null) return subgraph.replies.answer(body)
    return recorder.hold({ subgraph: subgraph.name, body }).then(() => subgraph.replies.answer(body))
  })
  const tell = (message: MarketMessage): void => void process.send?.(message)
  process.on('message', (asked: MarketRequest) => {
    if (asked === 'count') tell({ count })
    else if (asked === 'record') {
      recorder = new Recorder()
      tell({ recording: true })
    } else {
      const waves = recorder?.waves ?? []
      recorder = null
      tell({ waves })
    }
  })
  process.on('disconnect', () => process.exit(0))
  server.listen({ port: 0, host: '127.0.0.1' }, () => tell({ port: (server.address() as AddressInfo).port }))
}
