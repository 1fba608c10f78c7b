import { createCaller, developer, type Caller } from '../../../runtime/identity/caller.ts'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { GraphQLError } from 'graphql'
import { AisleError } from '../../../runtime/errors.ts'
import { plainJson } from '../../../runtime/graphql/media.ts'
import { createLogger } from '../../../runtime/log.ts'
import type { ReadLog } from '../../../subgraphs/shared/reads.ts'
import { eventually, scratchFolder } from '../data/testing/conditions.ts'
import { as, count, smallCloud, storeId } from '../data/testing/node.ts'
import type { Engine } from '../serve/execute.ts'
import { createResponder } from '../serve/responder.ts'
import { answeringNode, everybody, type AnsweringNode } from '../testing/answering-node.ts'
import { recipesOf } from './key.ts'

describe('answers from ready bytes', () => {
  const folder = scratchFolder()
  const cloud = smallCloud()
  let node: AnsweringNode
  let executions = 0
  /** Runs when an execution has read, before its answer is kept. */
  let meanwhile: () => Promise<void> = async () => {}
  /** What a resolver fails with, if any does. */
  let fault: Error | null = null
  /** Runs before an execution. */
  let begin: (reads: ReadLog | undefined) => void = () => {}
  const around = (engine: Engine): Engine => async (operation, context, variables) => {
    executions += 1
    begin(context.environment.reads)
    const result = await engine(operation, context, variables)
    await meanwhile()
    return fault === null ? result : { ...result, errors: [new GraphQLError('of this moment', { originalError: fault })] }
  }

  beforeAll(async () => {
    node = await answeringNode({ directory: folder.path, cloud, around })
    await eventually(() => node.data.status().position !== null, 'the first copy')
  })

  afterAll(async () => {
    await node[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  const label = (productId: string, caller = everybody) => node.answers.answer({ operation: node.operation('ShelfLabel'), variables: { productId, storeId }, caller, alias: null })
  const onHand = ({ bytes }: { readonly bytes: string }): unknown => (JSON.parse(`${bytes}}`) as { data: { product: { availability: { onHand: number } } } }).data.product.availability.onHand

  /** Nothing is under way, neither to the node nor from it. */
  const atRest = (): Promise<void> => eventually(() => node.data.status().pendingOperations === 0 && node.data.status().position?.batch === cloud.batch, 'all to arrive')

  test('what is asked for at once is executed once', async () => {
    executions = 0
    const answers = await Promise.all([label('milk'), label('milk'), label('milk')])
    expect({ executions, levels: answers.map(onHand), again: onHand(await label('milk')) }).toEqual({ executions: 1, levels: [20, 20, 20], again: 20 })
    expect(executions).toBe(1)
  })

  test('a write is seen by who asks after it, though an execution from before is still under way', async () => {
    const held = Promise.withResolvers<void>()
    const reading = Promise.withResolvers<void>()
    meanwhile = async () => {
      reading.resolve()
      await held.promise
    }
    const before = label('tea')
    await reading.promise
    meanwhile = async () => {}
    const { discarded } = node.cache.counts
    await node.data.inventory.recordCount(count('tea', 3), as('clerk'))
    const after = onHand(await label('tea'))
    held.resolve()
    expect({ after, before: onHand(await before), discarded: node.cache.counts.discarded - discarded, again: onHand(await label('tea')) }).toEqual({ after: 3, before: 10, discarded: 1, again: 3 })
  })

  test('a batch of the log that arrives during an execution keeps its answer from being kept, and makes it no younger', async () => {
    const since = cloud.clock()
    meanwhile = async () => {
      meanwhile = async () => {}
      const { clock } = node.data.moves
      cloud.clock = () => Date.now() + 3_600_000
      cloud.put({ entity: 'product', row: { id: 'never', name: 'renamed', attributes: '[]' } })
      await eventually(() => node.data.moves.clock > clock, 'the batch')
    }
    const raced = await label('never')
    const next = await label('never')
    const batchAt = since + 3_600_000
    expect([Date.parse(raced.edge?.asOf ?? '') < batchAt, (node.data.status().asOf ?? 0) >= batchAt]).toEqual([true, true])
    expect([raced.bytes.includes('renamed'), next.bytes.includes('renamed'), raced.etag === next.etag]).toEqual([false, true, false])
  })

  test('two callers with other rights never share an answer, nor its tag', async () => {
    const staff = (subject: string, store: string): Caller => createCaller({ subject, roles: ['staff'], stores: [store] })
    executions = 0
    const [one, other, again] = [await label('milk', staff('clerk', '7')), await label('milk', staff('clerk', '8')), await label('milk', staff('another', '7'))]
    expect({ executions, tags: new Set([one.etag, other.etag, (await label('milk')).etag]).size, shared: again.etag === one.etag }).toEqual({ executions: 2, tags: 3, shared: true })
  })

  test('what is remembered of questions is what everybody may ask', async () => {
    await label('staff alone', createCaller({ subject: 'clerk', roles: ['staff'] }))
    await label('everybody')
    const { id, variableNames } = node.operation('ShelfLabel')
    const remembered = recipesOf(node.cache.keys(), (asked) => (asked === id ? variableNames : undefined), 1_000).map(({ variables }) => variables.productId)
    expect(['everybody', 'staff alone'].map((productId) => remembered.includes(productId))).toEqual([true, false])
  })

  test('a write is done each time, whoever sends it in the same words', async () => {
    const input = { operationId: 'once', storeId, productId: 'tea', counted: 7, countedAt: null }
    executions = 0
    for (const subject of ['one', 'other']) await node.answers.answer({ operation: node.operation('RecordCount'), variables: { input }, caller: developer(subject), alias: null })
    expect(executions).toBe(2)
  })

  test('every batch of a page is told, and a tag of one process says nothing to another', async () => {
    await atRest()
    const level = onHand(await label('never'))
    const { clock } = node.data.moves
    cloud.put(cloud.stock('never', 41))
    cloud.put({ entity: 'product', row: { id: 'other', name: 'other', attributes: '[]' } })
    await eventually(() => node.data.moves.clock > clock, 'both batches')
    expect([level, onHand(await label('never'))]).toEqual([0, 41])
    using elsewhere = scratchFolder()
    await using twin = await answeringNode({ directory: elsewhere.path, cloud: smallCloud() })
    using further = scratchFolder()
    const changed = smallCloud()
    changed.put(changed.stock('tea', 12))
    await using other = await answeringNode({ directory: further.path, cloud: changed })
    const tagOf = async (one: AnsweringNode): Promise<{ clock: number; etag: string }> => {
      await eventually(() => one.data.status().position !== null, 'the first copy')
      const { etag } = await one.answers.answer({ operation: one.operation('ShelfLabel'), variables: { productId: 'tea', storeId }, caller: everybody, alias: null })
      return { clock: one.data.moves.clock, etag }
    }
    const [own, theirs] = [await tagOf(twin), await tagOf(other)]
    expect({ atOneClock: own.clock === theirs.clock, sameTag: own.etag === theirs.etag }).toEqual({ atOneClock: true, sameTag: false })
  })

  test('what was raced says where it stood, also when it is sent', async () => {
    const responder = createResponder({ operations: node.operations, answers: node.answers, status: () => node.data.status(), log: createLogger('test', 'silent') })
    await atRest()
    const { clock } = node.data.moves
    const before = node.data.status().position?.batch
    meanwhile = async () => {
      meanwhile = async () => {}
      cloud.put(cloud.stock('milk', 55))
      await eventually(() => node.data.moves.clock > clock, 'the batch')
    }
    const { id } = node.operation('ShelfLabel')
    const parameters = { query: '', documentId: id, persistedHash: null, operationName: null, variables: { productId: 'milk', storeId } }
    const ask = async (): Promise<unknown> => {
      const { body } = await responder.respond({ isGet: true, media: plainJson, parameters, caller: everybody, authorization: undefined, ifNoneMatch: undefined, alias: null })
      return (JSON.parse(body) as { extensions: { edge: { position: string } } }).extensions.edge.position
    }
    expect([await ask(), await ask()]).toEqual([`first:${before}`, `first:${node.data.status().position?.batch}`])
  })

  test('a tag stays while its answer does, whatever else changes, and changes with it', async () => {
    const first = await label('milk')
    await node.data.inventory.recordCount(count('tea', 1), as('clerk'))
    const same = await label('milk')
    await node.data.inventory.recordCount(count('milk', 1), as('clerk'))
    const other = await label('milk')
    expect([first.etag === same.etag, first.etag === other.etag, onHand(other)]).toEqual([true, false, 1])
  })

  test('what depends on more than tags can tell is not kept', async () => {
    begin = (reads) => reads?.unkeepable()
    executions = 0
    const [one, other] = [await label('clock'), await label('clock')]
    begin = () => {}
    await label('clock')
    await label('clock')
    expect({ executions, same: one.etag === other.etag }).toEqual({ executions: 3, same: true })
  })

  test('what fails for a passing reason is not kept', async () => {
    meanwhile = async () => {
      throw new TypeError('the disk hums')
    }
    await expect(label('D1')).rejects.toThrow('the disk hums')
    meanwhile = async () => {}
    executions = 0
    await label('D1')
    expect(executions).toBe(1)
    for (const [nth, passing] of [new AisleError('COPY_DAMAGED'), new AisleError('NODE_BUSY'), new TypeError('unforeseen')].entries()) {
      fault = passing
      const failed = await label(`passing ${nth}`)
      fault = null
      const mended = await label(`passing ${nth}`)
      expect([passing, failed, mended].map((each) => ('bytes' in each ? each.bytes.includes('"errors"') : each.message))).toEqual([passing.message, true, false])
    }
  })
})
