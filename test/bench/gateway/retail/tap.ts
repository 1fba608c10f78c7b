import { createServer } from 'node:http'
import { closeServer, listen } from '../../../../runtime/server.ts'
import { Recorder } from '../market/recorder.ts'
import type { RecordedFetch } from '../market/serve.ts'

/** Stands before the subgraphs for a while and writes down what is asked of each. */
export class Tap implements AsyncDisposable {
  readonly #resources: AsyncDisposableStack
  readonly urls: Readonly<Record<string, string>>
  #recorder: Recorder | null = null

  constructor(resources: AsyncDisposableStack, urls: Readonly<Record<string, string>>) {
    this.#resources = resources
    this.urls = urls
  }

  /** @param subgraphs URLs by name */
  static async start(subgraphs: Readonly<Record<string, string>>): Promise<Tap> {
    await using started = new AsyncDisposableStack()
    const urls: Record<string, string> = {}
    const tap: { current: Tap | null } = { current: null }
    for (const [name, url] of Object.entries(subgraphs)) {
      const server = createServer((request, response) => {
        void (async () => {
          let body = ''
          for await (const chunk of request) body += String(chunk)
          await tap.current?.hold({ subgraph: name, body })
          const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body })
          response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
        })().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
      })
      urls[name] = `http://127.0.0.1:${await listen(server, 0, '127.0.0.1')}/graphql`
      started.defer(() => closeServer(server, 0))
    }
    return (tap.current = new Tap(started.move(), urls))
  }

  /** The requests that `work` makes, in waves: those of one wave are under way at the same time. */
  async record(work: () => Promise<unknown>): Promise<readonly (readonly RecordedFetch[])[]> {
    const recorder = new Recorder()
    this.#recorder = recorder
    await work()
    this.#recorder = null
    return recorder.waves
  }

  async hold(fetch: RecordedFetch): Promise<void> {
    await this.#recorder?.hold(fetch)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync()
  }
}
