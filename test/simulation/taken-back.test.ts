import { expect, test } from '@jest/globals'
import { FaultMemory, takeBack } from './faults.ts'
import { offer } from './workload.ts'
import { World } from './world.ts'

const minute = 60_000

/** A chain whose nodes have their copy, and what its database is later taken back to. */
async function openWorld(): Promise<World> {
  const world = new World({ seed: 5, note() {} })
  for (const node of world.nodes) world.start(node)
  await world.pass(minute)
  return world
}

test('a write that the cloud acknowledged and lost before it was in the log is delivered again', async () => {
  await using world = await openWorld()
  const { cloud, ledger, sequencers } = world
  const [node] = world.nodes
  if (node === undefined) throw new Error('There is a node.')
  const backup = cloud.backup()
  for (const sequencer of sequencers) sequencer.stop()
  const entry = ledger.add('till', node.name, { kind: 'recordStockMovement', command: { operationId: 'sold', storeId: node.storeId, productId: 'tea', kind: 'RECEIPT', quantity: 3, occurredAt: null } })
  offer(world, node, entry)
  await world.pass(2_000)
  expect(cloud.commands.outcomeOf('till', 'sold')).not.toBeNull()
  // The copy stands where the backup does, so that nothing of the log tells.
  takeBack(world, new FaultMemory(), backup, backup.log.epoch)
  expect(cloud.commands.outcomeOf('till', 'sold')).toBeNull()
  for (const sequencer of sequencers) sequencer.start()
  await world.pass(5 * minute)
  expect(cloud.commands.outcomeOf('till', 'sold')).toMatchObject({ userErrors: [] })
  expect(node.life?.data.status()).toMatchObject({ pendingOperations: 0, online: true })
})

test.each([20, 60, 100, 140])('a copy %i ms into which the cloud is taken back is of one life of it', async (ms) => {
  await using world = await openWorld()
  const { cloud } = world
  const backup = cloud.backup()
  for (let nth = 0; nth < 5; nth += 1) {
    for (const id of ['tea', 'milk']) cloud.rows.write({ entity: 'product', row: { id, name: `${id} ${nth}`, attributes: '[]' } })
    for (const storeId of world.storeIds) cloud.rows.write({ entity: 'device', row: { id: `freezer-${storeId}`, store_id: storeId, kind: 'FREEZER', status: 'ONLINE', firmware: `${nth}`, shows: '[]' } })
    await world.pass(1_000)
  }
  const late = world.addNode('late', world.storeIds[0] ?? '')
  world.start(late)
  await world.pass(ms)
  expect(late.life?.data.status().position).toBeNull()
  takeBack(world, new FaultMemory(), backup, backup.log.epoch)
  await world.pass(2 * minute)
  expect(late.life?.data.status()).toMatchObject({ state: 'online', position: { batch: cloud.log.batch } })
  await world.check(true)
})

test('a node that stands where the log begins is of that log, or begins anew', async () => {
  await using world = await openWorld()
  const { cloud } = world
  const [node] = world.nodes
  const backup = cloud.backup()
  const rename = (id: string) => {
    cloud.rows.write({ entity: 'product', row: { id, name: 'Another', attributes: '[]' } })
    return world.pass(10_000)
  }
  await rename('never')
  const stood = node?.life?.data.status().position?.batch ?? 0
  expect(stood).toBe(cloud.log.batch)
  node?.kill()
  takeBack(world, new FaultMemory(), backup, backup.log.epoch)
  await rename('tea')
  expect(cloud.log.batch).toBe(stood)
  await rename('milk')
  cloud.log.prune(stood)
  if (node !== undefined) world.start(node)
  await world.pass(minute)
  expect(node?.life?.data.status()).toMatchObject({ state: 'online', position: { batch: cloud.log.batch } })
  await world.check(true)
})

test('what was settled while the clock of the machine was at 1970 is remembered when that is put right, and given to a cloud that lost it', async () => {
  await using world = await openWorld()
  const { cloud, ledger, time } = world
  const [node] = world.nodes
  if (node === undefined) throw new Error('There is a node.')
  const backup = cloud.backup()
  node.kill()
  node.wallAhead = -time.now
  world.start(node)
  await world.pass(minute)
  offer(world, node, ledger.add('till', node.name, { kind: 'recordStockMovement', command: { operationId: 'sold', storeId: node.storeId, productId: 'tea', kind: 'RECEIPT', quantity: 3, occurredAt: null } }))
  await world.pass(minute)
  expect(node.life?.data.status()).toMatchObject({ pendingOperations: 0 })
  node.wallAhead = 0
  if (node.life !== null) node.life.machine.wallAhead = 0
  // Longer than it takes until what is old is dropped.
  await world.pass(90 * minute)
  takeBack(world, new FaultMemory(), backup, 'epoch-2')
  await world.pass(5 * minute)
  expect(cloud.commands.outcomeOf('till', 'sold')).toMatchObject({ userErrors: [] })
})
