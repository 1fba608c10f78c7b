import { readFile, writeFile } from 'node:fs/promises'
import { print } from 'graphql'
import { z } from 'zod'
import { publicSchema } from '../compose.ts'
import { schemaFile } from '../files.ts'
import { breakingChanges, contractOf, dangerousChanges, type Change, type Contract } from './compare.ts'

/** The breaking changes since the last release that were decided on, each with who is told and why it is worth it. */
const recordsShape = z.array(z.object({ change: z.string().min(1), reason: z.string().min(10) }).strict())

const files = { schema: schemaFile('released/schema.graphql'), manifest: schemaFile('released/manifest.json'), records: schemaFile('released/breaking-changes.json') }

/** How the graph stands to the last release. */
export interface Standing {
  /** Breaking changes that nobody recorded: they must not be released. */
  readonly unrecorded: readonly Change[]
  readonly recorded: readonly Change[]
  readonly dangerous: readonly Change[]
  /** Records of changes that are not there (any more). */
  readonly stale: readonly string[]
}

/** The graph as it is committed. */
export async function currentContract(): Promise<Contract> {
  return contractOf(await publicText(), await readFile(schemaFile('manifest.json'), 'utf8'))
}

/** The graph as it was released last. */
export async function releasedContract(): Promise<Contract> {
  return contractOf(await readFile(files.schema, 'utf8'), await readFile(files.manifest, 'utf8'))
}

/** Compares two contracts under the records of `schema/released/breaking-changes.json`, or those given. */
export async function standing(before: Contract, now: Contract, records?: z.infer<typeof recordsShape>): Promise<Standing> {
  const known = new Set((records ?? recordsShape.parse(JSON.parse(await readFile(files.records, 'utf8')))).map(({ change }) => change))
  const breaking = breakingChanges(before, now)
  const texts = new Set(breaking.map(({ text }) => text))
  return {
    unrecorded: breaking.filter(({ text }) => !known.has(text)),
    recorded: breaking.filter(({ text }) => known.has(text)),
    dangerous: dangerousChanges(before, now),
    stale: [...known].filter((change) => !texts.has(change)),
  }
}

/** Makes the graph as it is committed the last release; what was recorded of the way there is done with. */
export async function release(): Promise<void> {
  await writeFile(files.schema, await publicText())
  await writeFile(files.manifest, await readFile(schemaFile('manifest.json'), 'utf8'))
  await writeFile(files.records, '[]\n')
}

async function publicText(): Promise<string> {
  return `${print(publicSchema(await readFile(schemaFile('supergraph.graphql'), 'utf8')))}\n`
}
