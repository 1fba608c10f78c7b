import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Buffer } from 'node:buffer'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kind, parse } from 'graphql'
import { type Federation, startFederation } from '../testing/federation.ts'
import { seededRandom } from '../testing/random-document.ts'
import { SupergraphSource } from './source.ts'
import { loadSupergraph } from './supergraph.ts'

let graph: Federation<'users' | 'names'>
let good: string

beforeAll(async () => {
  graph = await startFederation({
    users: { sdl: 'type Query { user: User }  enum Kind { A B @inaccessible }  type User @key(fields: "id") { id: ID!  kind: Kind  secret: Int @inaccessible  old: Secret }  type Secret { a: Int }' },
    names: { sdl: 'type User @key(fields: "id") { id: ID!  name: String }  input Filter { a: Int }' },
  })
  good = await readFile(graph.supergraph, 'utf8')
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

async function planOf(sdl: string): Promise<unknown> {
  const { planner } = await loadSupergraph(sdl)
  const [operation] = parse('{ user { name kind } }').definitions
  return operation?.kind === Kind.OPERATION_DEFINITION ? planner.plan(operation, 0) : null
}

describe('a supergraph that', () => {
  test.each<[string, (sdl: string) => string]>([
    ['links join under another name', (sdl) => sdl.replaceAll('join__', 'j__').replace(/(specs\.apollo\.dev\/join\/v0\.\d")/, '$1, as: "j"')],
    ['links inaccessible under another name', (sdl) => sdl.replaceAll('@inaccessible', '@hidden').replace(/(specs\.apollo\.dev\/inaccessible\/v0\.\d")/, '$1, as: "hidden"')],
    ['imports inaccessible as something else', (sdl) => sdl.replaceAll('@inaccessible', '@hidden').replace(/(specs\.apollo\.dev\/inaccessible\/v0\.\d")/, '$1, import: [{ name: "@inaccessible", as: "@hidden" }]')],
    [
      'uses directives that nobody here knows',
      (sdl) =>
        sdl
          .replace('schema', 'schema @link(url: "https://example.org/trace/v3.1", import: ["@traced"]) @join__directive(graphs: [USERS], name: "source", args: { a: [1, { b: "c" }] })')
          .replace('type User', 'directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT\nscalar join__DirectiveArguments\ndirective @traced(as: String) on OBJECT | FIELD_DEFINITION\ntype User @traced(as: "u")'),
    ],
  ])('%s means the same', async (_what, rewritten) => {
    const sdl = rewritten(good)
    expect(sdl).not.toBe(good)
    const { schema, urls } = await loadSupergraph(sdl)
    expect([...urls.keys()]).toEqual(['names', 'users'])
    expect(Object.keys(schema.getTypeMap()).filter((name) => !name.startsWith('__')).toSorted()).toEqual(['Boolean', 'Filter', 'ID', 'Int', 'Kind', 'Query', 'Secret', 'String', 'User'])
    expect(JSON.stringify(schema.getType('Kind')?.toConfig())).not.toContain('"B"')
    expect(await planOf(sdl)).toEqual(await planOf(good))
  })
})

describe('a supergraph is refused, never half used, when', () => {
  test.each<[string, (sdl: string) => string]>([
    ['it is empty', () => ''],
    ['a part is missing', (sdl) => sdl.slice(0, -40)],
    ['a type that it names is missing', (sdl) => sdl.replace('type Secret', 'type Other')],
    ['it stands there twice', (sdl) => sdl + sdl],
    ['a key is no selection', (sdl) => sdl.replace('key: "id"', 'key: "id {"')],
    ['a key names no field', (sdl) => sdl.replaceAll('key: "id"', 'key: "nothing"')],
    ['a field is of no subgraph', (sdl) => sdl.replace('@join__field(graph: NAMES)', '@join__field(graph: NOBODY)')],
    ['it has no query', (sdl) => sdl.replace('type Query', 'type Other')],
    ['a type has no field left', (sdl) => sdl.replace(/a: Int(?=[^}]*})/g, 'a: Int @inaccessible')],
  ])('%s', async (_what, broken) => {
    const sdl = broken(good)
    expect(sdl).not.toBe(good)
    await expect(loadSupergraph(sdl)).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' })
  })

  test('anything is cut out of it', async () => {
    const random = seededRandom(7)
    for (let round = 0; round < 300; round++) {
      const from = Math.floor(random() * good.length)
      const sdl = good.slice(0, from) + good.slice(from + Math.ceil(random() * 60))
      // Of what parses, most is a supergraph still, and each of those costs a process: what does not parse must say so.
      if (parses(sdl)) continue
      await expect(loadSupergraph(sdl)).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' })
    }
  })
})

test('a source that is not UTF-8 is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'supergraph-'))
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
  const file = join(folder, 'supergraph.graphql')
  await writeFile(file, Buffer.concat([Buffer.from('# '), Buffer.from([0xe9]), Buffer.from(`\n${good}`)]))
  await expect(new SupergraphSource(file).read()).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' })
  await writeFile(file, `\uFEFF${good}`)
  expect(await new SupergraphSource(file).read()).toBe(good)
})

function parses(sdl: string): boolean {
  try {
    return parse(sdl) !== null
  } catch {
    return false
  }
}
