import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { buildASTSchema, Kind, parse, validate, visit, type ASTNode } from 'graphql'
import { manifestText } from './commands.ts'
import { composeSupergraph, publicSchema } from './compose.ts'
import { readSubgraph, schemaFile, subgraphs } from './files.ts'
import { buildManifest, operationIdOf, type Manifest } from './manifest.ts'

const committed = (name: string): Promise<string> => readFile(schemaFile(name), 'utf8')

describe('generated files are fresh', () => {
  test('supergraph.graphql is what the subgraphs compose to (else: npm run aisle -- compose)', async () => {
    expect(await composeSupergraph()).toBe(await committed('supergraph.graphql'))
  })

  test('manifest.json is what the operations build to (else: npm run aisle -- operations build)', async () => {
    expect(manifestText(await buildManifest(await committed('supergraph.graphql')))).toBe(await committed('manifest.json'))
  })
})

test('every id of the manifest is the hash of its body', async () => {
  const manifest = JSON.parse(await committed('manifest.json')) as Manifest
  expect(manifest.operations.length).toBeGreaterThan(20)
  for (const { id, body } of manifest.operations) expect(operationIdOf(body)).toBe(id)
})

test.each(subgraphs)('everything in $name.graphql has a description', async ({ name }) => {
  const bare: string[] = []
  visit(await readSubgraph(name), {
    enter(node, _key, parent) {
      if (!('kind' in node) || !describable.has(node.kind) || isRoot(node) || isArgumentOfDirective(parent)) return
      if (!('description' in node) || node.description === undefined) bare.push(labelOf(node))
    },
  })
  expect(bare).toEqual([])
})

const describable = new Set<string>([
  Kind.OBJECT_TYPE_DEFINITION, Kind.INTERFACE_TYPE_DEFINITION, Kind.UNION_TYPE_DEFINITION, Kind.ENUM_TYPE_DEFINITION, Kind.ENUM_VALUE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION, Kind.INPUT_VALUE_DEFINITION, Kind.FIELD_DEFINITION, Kind.SCALAR_TYPE_DEFINITION, Kind.DIRECTIVE_DEFINITION,
])

function isRoot(node: ASTNode): boolean {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION && ['Query', 'Mutation', 'Subscription'].includes(node.name.value)
}

function isArgumentOfDirective(parent: unknown): boolean {
  return typeof parent === 'object' && parent !== null && 'kind' in parent && parent.kind === Kind.DIRECTIVE_DEFINITION
}

function labelOf(node: ASTNode): string {
  return `${node.kind} ${'name' in node && node.name !== undefined ? node.name.value : ''}`
}

test('the examples for analysts are valid', async () => {
  const schema = buildASTSchema(publicSchema(await committed('supergraph.graphql')))
  const examples = JSON.parse(await committed('examples.json')) as { title: string; query: string }[]
  expect(examples.length).toBeGreaterThan(3)
  for (const { title, query } of examples) expect({ title, problems: validate(schema, parse(query)) }).toEqual({ title, problems: [] })
})

test('the core of the graph is there', async () => {
  const schema = buildASTSchema(publicSchema(await committed('supergraph.graphql')))
  const fields = (type: string): string[] => {
    const found = schema.getType(type)
    return found !== undefined && 'getFields' in found ? Object.keys(found.getFields()) : []
  }
  expect(fields('Query')).toEqual(expect.arrayContaining([
    'product', 'products', 'search', 'suggest', 'categories', 'store', 'stores', 'stockReport', 'basketRecommendations', 'customerRecommendations', 'trending',
  ]))
  expect(fields('Product')).toEqual(expect.arrayContaining([
    'id', 'name', 'description', 'brand', 'gtin', 'category', 'attributes', 'imageUrl', 'price', 'availability', 'nearestAvailability', 'similar', 'boughtTogether',
  ]))
  expect(fields('Store')).toEqual(expect.arrayContaining(['id', 'name', 'address', 'position', 'timezone', 'stock', 'devices']))
  expect(fields('Device')).toEqual(expect.arrayContaining(['id', 'kind', 'store', 'status', 'lastSeenAt', 'firmware', 'readings', 'shows']))
  expect(fields('Mutation')).toEqual(expect.arrayContaining(['recordStockMovement', 'recordStockCount', 'setPrice', 'registerDevice', 'reportReadings', 'showOnDevice']))
  expect(fields('Subscription')).toEqual(expect.arrayContaining(['stockChanged', 'priceChanged', 'deviceChanged', 'readingAlert']))
})
