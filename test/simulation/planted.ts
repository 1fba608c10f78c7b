import { protocolHeader, protocolVersion } from '../../edge-cache/protocol.ts'
import { heirsClause } from '../../subgraphs/log/compact.ts'
import { ModelCloud } from './cloud/cloud.ts'
import { appendDensely, type Append } from './cloud/log.ts'
import { ModelOrigin, type OriginAnswer } from './cloud/origin.ts'
import { loseTail } from './disk.ts'
import type { PlantedBug, World } from './world.ts'

interface Planting {
  /** The invariant of `edge-cache/SPEC.md` that it violates. */
  readonly invariant: number
  readonly plant: () => PlantedBug
}

/**
 * Bugs put in on purpose, through what only a simulation wires: they show that it would find such a bug, and that each invariant can fail.
 * Nothing of them is in what is shipped.
 */
export const plantedBugs: Readonly<Record<string, Planting>> = {
  'apply: of a batch with several rows of stock, the last is left out': {
    invariant: 4,
    plant: () => ({
      extension: {
        ...silent,
        apply(connection, changes) {
          const stock = changes.filter(({ entity, op }) => entity === 'stock' && op === 'put')
          const last = stock.at(-1)
          if (stock.length < 2 || last === undefined || last.previous === null) return
          connection.prepare('update main.stock set on_hand = ? where store_id = ? and product_id = ?').run(Number(last.previous.on_hand), String(last.key[0]), String(last.key[1]))
        },
      },
    }),
  },
  'acknowledgement: a write is acknowledged before it is on the medium': {
    invariant: 1,
    plant: () => ({ leaves: (disk, random) => loseTail(disk, 'outbox.db', random) }),
  },
  'sequencing: the base position is read before the fence is held': {
    invariant: 3,
    plant: () => ({ append: staleBase() }),
  },
  'compaction: a tombstone is dropped': {
    invariant: 4,
    plant: () => ({ heirs: heirsWith("position < max(position) over (partition by entity, key) or (op = 'delete' and position < max(position) over ())") }),
  },
  'compaction: an older image is kept': {
    invariant: 4,
    plant: () => ({ heirs: heirsWith('position > min(position) over (partition by entity, key) and position < max(position) over ()') }),
  },
  'once: the cloud forgets what it did': {
    invariant: 2,
    plant: () => ({
      between({ cloud: { commands } }, { path }, answer) {
        if (path.endsWith('/operations')) commands.restore({ ...commands.backup(), operations: new Map() })
        return answer()
      },
    }),
  },
  'names: every process has the same': {
    invariant: 5,
    plant: () => ({ mint: () => 'always-the-same' }),
  },
  'stock: now and then a level is one too many': {
    invariant: 6,
    plant: () => {
      let deliveries = 0
      return {
        async between({ cloud: { rows }, random, storeIds }, { path }, answer) {
          const given = await answer()
          const row = rows.get('stock', [random.pick(storeIds), 'tea'])
          if (path.endsWith('/operations') && (deliveries += 1) % 5 === 0 && row !== null) rows.write({ entity: 'stock', row: { ...row, on_hand: Number(row.on_hand) + 1 } })
          return given
        },
      }
    },
  },
  'copies: they come from a database that lags behind': {
    invariant: 7,
    plant: laggingCopies,
  },
  'overlay: a pending write is no longer shown': {
    invariant: 8,
    plant: () => ({
      extension: { ...silent, apply: (connection) => connection.exec('delete from overlay_operation where rowid = (select min(rowid) from overlay_operation)') },
    }),
  },
  'belief: a proxy is taken for origin': {
    invariant: 9,
    plant: () => ({ disguise: { [protocolHeader]: protocolVersion } }),
  },
  'age: a batch is said to have been the newest for a second more': {
    invariant: 10,
    plant: () => ({ between: async (_world, _question, answer) => edited(await answer(), (text) => text.replace(/"at":(\d+),"now"/g, (_all, at) => `"at":${Number(at) + 1_000},"now"`)) }),
  },
  'screens: every fifth batch is missed': {
    invariant: 11,
    plant: () => {
      let batches = 0
      return { hears: () => (batches += 1) % 5 !== 0 }
    },
  },
  'delivery: origin never learns to take some writes': {
    invariant: 12,
    plant: () => ({
      between({ origin }, _question, answer) {
        origin.unknownKinds.add('reportReadings')
        return answer()
      },
    }),
  },
}

const silent = { name: 'planted', version: 1, create() {}, rebuild() {} } as const

function heirsWith(superseded: string): string {
  const right = 'position < max(position) over (partition by entity, key)'
  if (!heirsClause.includes(right)) throw new Error('What is superseded is said otherwise now.')
  return heirsClause.replace(right, superseded)
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

/** Copies and ranges are answered out of what the cloud was up to a minute ago. */
function laggingCopies(): PlantedBug {
  const behind = new WeakMap<World, { readonly at: number; readonly origin: ModelOrigin }>()
  return {
    between(world, question, answer) {
      if (!/\/(snapshot|digests|rows)/.test(question.path)) return answer()
      const { cloud, time, count } = world
      let lagging = behind.get(world)
      if (lagging === undefined || time.now - lagging.at > 60_000) {
        const copy = new ModelCloud(() => cloud.now)
        copy.restore(cloud.backup(), cloud.log.epoch)
        behind.set(world, (lagging = { at: time.now, origin: new ModelOrigin(copy, time, count) }))
      }
      return lagging.origin.answer(question)
    },
  }
}

function edited(answer: OriginAnswer, edit: (text: string) => string): OriginAnswer {
  return { ...answer, pieces: answer.pieces.map(edit) }
}
