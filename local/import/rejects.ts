import { createWriteStream, type WriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { toCsvLine } from './csv.ts'
import { rejectsInReport, type Reject } from './report.ts'

/** Gathers rejected rows: counts all, keeps the first for the report, and writes every one to the rejects file. */
export class Rejects {
  readonly first: Reject[] = []
  count = 0
  readonly #path: string | null
  #stream: WriteStream | null = null

  /** @param path the CSV file to write; null writes none. */
  constructor(path: string | null) {
    this.#path = path
  }

  async add(reject: Reject): Promise<void> {
    this.count += 1
    if (this.first.length < rejectsInReport) this.first.push(reject)
    if (this.#path === null) return
    this.#stream ??= open(this.#path)
    const line = toCsvLine([reject.file, String(reject.line), reject.column, reject.reason, reject.row])
    if (!this.#stream.write(`${line}\n`)) await new Promise<void>((resolve) => this.#stream?.once('drain', resolve))
  }

  /** Finishes the file. One left by an earlier import is emptied down to its header, so that it cannot be taken for this one's. */
  async close(): Promise<void> {
    if (this.#stream === null && this.#path !== null && (await exists(this.#path))) this.#stream = open(this.#path)
    if (this.#stream === null) return
    this.#stream.end()
    await finished(this.#stream)
  }
}

function open(path: string): WriteStream {
  const stream = createWriteStream(path)
  stream.write('file,line,column,reason,row\n')
  return stream
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
