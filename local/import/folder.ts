import { createReadStream } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AisleError } from '../../runtime/errors.ts'
import { RecordAssembler } from './csv.ts'
import { formatTables, type DataSource, type SourceRow, type SourceTable, type TableName } from './source.ts'

const readBytes = 256 * 1024

/**
 * A folder in the import format: UTF-8 CSV with a header row, plain or `.gz`. Files that the format does not name are left alone.
 * @throws AisleError IMPORT_SOURCE_INVALID where the folder, or `products.csv` in it, is missing.
 */
export async function csvFolder(folder: string): Promise<DataSource> {
  const files = new Set(await filesOf(folder))
  const fileOf = (name: TableName): string | null => {
    const found = [`${name}.csv`, `${name}.csv.gz`].filter((file) => files.has(file))
    if (found.length > 1) throw invalid(`${folder} holds both ${found.join(' and ')}: keep one of them.`)
    return found[0] ?? null
  }
  if (fileOf('products') === null) throw invalid(`${folder} holds no products.csv or products.csv.gz.`)
  const inFormat = new Set<TableName>(formatTables)
  return {
    name: folder,
    async table(name) {
      const file = inFormat.has(name) ? fileOf(name) : null
      return file === null ? null : openTable(join(folder, file))
    },
  }
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    await access(folder)
  } catch (error) {
    throw invalid(`${folder} does not exist or cannot be read.`, error)
  }
  if (!(await stat(folder)).isDirectory()) throw invalid(`${folder} is not a folder.`)
  return readdir(folder)
}

async function openTable(path: string): Promise<SourceTable> {
  const file = basename(path)
  const { size } = await stat(path)
  let bytesRead = 0
  const columns = await readHeader(path, file)
  return {
    file,
    columns,
    fraction: () => (size === 0 ? 1 : bytesRead / size),
    async *rows() {
      bytesRead = 0
      let header = true
      for await (const rows of records(path, file, (bytes) => (bytesRead = bytes))) {
        const chunk = header ? rows.slice(1) : rows
        header = false
        if (chunk.length > 0) yield chunk
      }
    },
  }
}

async function readHeader(path: string, file: string): Promise<string[]> {
  for await (const [first] of records(path, file, () => {})) {
    const columns = (first?.cells ?? []).map((cell) => (cell ?? '').trim())
    if (first?.problem !== undefined) throw invalid(`${file}, line ${first.line}: the header cannot be read: ${first.problem}.`)
    const twice = columns.find((column, at) => column !== '' && columns.indexOf(column) !== at)
    if (twice !== undefined) throw invalid(`${file}: the header names the column ${twice} twice.`)
    return columns
  }
  throw invalid(`${file} is empty: it must have at least a header row.`)
}

/** The records of a file, the header among them, in chunks that are never empty. */
async function* records(path: string, file: string, onBytes: (read: number) => void): AsyncGenerator<SourceRow[], void, undefined> {
  const raw = createReadStream(path, { highWaterMark: readBytes })
  const stream = path.endsWith('.gz') ? pipeline(raw, createGunzip({ chunkSize: readBytes }), () => {}) : raw
  const decoder = new TextDecoder()
  const assembler = new RecordAssembler()
  let rest = ''
  try {
    for await (const bytes of stream as AsyncIterable<Uint8Array>) {
      onBytes(raw.bytesRead)
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      const rows = assemble(assembler, lines)
      if (rows.length > 0) yield rows
    }
  } catch (error) {
    throw invalid(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, error)
  }
  const last = (rest + decoder.decode()).split('\n')
  const rows = assemble(assembler, last.at(-1) === '' ? last.slice(0, -1) : last)
  assembler.end(rows)
  if (rows.length > 0) yield rows
}

function assemble(assembler: RecordAssembler, lines: readonly string[]): SourceRow[] {
  const rows: SourceRow[] = []
  for (const line of lines) assembler.feed(line, rows)
  return rows
}

function invalid(message: string, cause?: unknown): AisleError {
  return new AisleError('IMPORT_SOURCE_INVALID', message, cause === undefined ? {} : { cause })
}
