import { appendDensely, type Append } from './cloud/log.ts'
import { loseTail } from './disk.ts'
import type { PlantedBug } from './world.ts'

/**
 * Bugs put in on purpose, through what only a simulation wires: they show that it would find such a bug. Nothing of them is in
 * what is shipped.
 */
export const plantedBugs: Readonly<Record<'apply' | 'acknowledgement' | 'sequencing', () => PlantedBug>> = {
  /** Of a batch with several rows of stock, the last is not applied: a part of a batch is visible. */
  apply: () => ({
    extension: {
      name: 'planted',
      version: 1,
      create() {},
      rebuild() {},
      apply(connection, changes) {
        const stock = changes.filter(({ entity, op }) => entity === 'stock' && op === 'put')
        const last = stock.at(-1)
        if (stock.length < 2 || last === undefined || last.previous === null) return
        connection.prepare('update main.stock set on_hand = ? where store_id = ? and product_id = ?').run(Number(last.previous.on_hand), String(last.key[0]), String(last.key[1]))
      },
    },
  }),
  /** A write is acknowledged before it is on the medium: the end of the outbox is not on what a kill leaves. */
  acknowledgement: () => ({ leaves: (disk, random) => loseTail(disk, 'outbox.db', random) }),
  /** The base position is read before the fence is held, so it may be stale: now and then a position is given twice. */
  sequencing: () => ({ append: staleBase() }),
}

function staleBase(): Append {
  const read = new Map<string, number>()
  return (log, moved, at) => {
    const stale = read.get('store:S1')
    read.set('store:S1', log.positions['store:S1'] ?? 0)
    if (stale !== undefined && log.batch % 7 === 6) log.positions['store:S1'] = stale
    return appendDensely(log, moved, at)
  }
}
