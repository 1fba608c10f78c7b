import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Change } from '../../shared/changes.ts'
import { openReplica } from './replica.ts'

const scopes = ['chain', 'store:s']
const batches = 40

/** Level p1 is the number of the batch that wrote it; each batch also writes a product of its own. */
function changesOf(number: number): Change[] {
  const stock = { store_id: 's', product_id: 'p1', on_hand: number, reorder_point: null, order_up_to: null, updated_at: 0 }
  return [
    { scope: 'chain', position: number, entity: 'product', key: [`p${number}`], op: 'put', row: { id: `p${number}`, name: 'x'.repeat(200), attributes: '[]' } },
    { scope: 'store:s', position: number, entity: 'stock', key: ['s', 'p1'], op: 'put', row: stock },
  ]
}

const damage = fc.record({ kind: fc.constantFrom('torn', 'zeroed', 'flipped'), place: fc.double({ min: 0, max: 0.999, noNaN: true }), bytes: fc.constantFrom(512, 4_096) })

test('whatever becomes of the end of the WAL, whole batches alone are there, with their position', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aisle-wal-'))
  try {
    const whole = join(folder, 'whole.db')
    using replica = openReplica({ file: whole, scopes })
    replica.beginSnapshot({ head: { epoch: 'e', batch: 0, at: 0, now: 0 }, consistentFrom: 0, positions: {}, rows: 0 })
    replica.finishSnapshot()
    for (let number = 1; number <= batches; number += 1) replica.apply([{ number, at: number, complete: true, changes: changesOf(number) }])
    const wal = readFileSync(`${whole}-wal`)
    expect(wal.length).toBeGreaterThan(batches * 4_096)
    let lost = 0
    fc.assert(
      fc.property(damage, ({ kind, place, bytes }) => {
        const file = join(folder, 'hurt.db')
        copyFileSync(whole, file)
        const hurt = Buffer.from(wal)
        const at = Math.floor(place * wal.length)
        if (kind === 'zeroed') hurt.fill(0, at, Math.min(wal.length, at + bytes))
        if (kind === 'flipped') hurt[at] = (hurt[at] ?? 0) ^ 0x10
        writeFileSync(`${file}-wal`, kind === 'torn' ? hurt.subarray(0, at) : hurt)
        rmShm(file)
        using opened = openReplica({ file, scopes })
        const batch = opened.position()?.batch ?? 0
        using reader = opened.reader()
        expect(reader.prepare('select on_hand from stock').get()?.on_hand ?? 0).toBe(batch)
        expect(reader.prepare('select count(*) as rows from product').get()?.rows).toBe(batch)
        if (batch < batches) lost += 1
        // What was rolled back comes again.
        if (batch < batches) opened.apply(Array.from({ length: batches - batch }, (_unused, i) => ({ number: batch + 1 + i, at: 1, complete: true, changes: changesOf(batch + 1 + i) })))
        expect(opened.position()?.batch).toBe(batches)
      }),
      { numRuns: 40 },
    )
    expect(lost).toBeGreaterThan(0)
  } finally {
    await rm(folder, { recursive: true })
  }
})

function rmShm(file: string): void {
  writeFileSync(`${file}-shm`, '')
}
