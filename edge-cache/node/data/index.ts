import { join } from 'node:path'
import { AisleError } from '../../../runtime/errors.ts'
import type { Logger } from '../../../runtime/log.ts'
import { thisMachine, type Machine } from '../../../runtime/machine.ts'
import type { Registry } from '../../../runtime/metrics.ts'
import { noTracing, type Tracing } from '../../../runtime/tracing.ts'
import { startFollower } from '../../../subgraphs/log/follower.ts'
import { createLocalFeed } from '../../../subgraphs/log/local-feed.ts'
import type { LogSource } from '../../../subgraphs/log/source.ts'
import { chainScope, storeScope } from '../../../subgraphs/storage/entities.ts'
import type { ReplicaExtension } from '../../../subgraphs/storage/sqlite/extension.ts'
import type { RunFileTask } from '../../../subgraphs/storage/sqlite/file-tasks.ts'
import { openReplica, type Replica } from '../../../subgraphs/storage/sqlite/replica.ts'
import { Moves, movesExtension } from '../cache/moves.ts'
import type { DataStatus, NodeData } from '../data.ts'
import { StateTracker } from '../state-tracker.ts'
import { deliveryOf } from '../http-delivery.ts'
import { HttpOrigin, type Transport } from '../http-origin.ts'
import type { NodeKey } from '../node-key.ts'
import { logSourceOf } from '../http-source.ts'
import { CloudClock } from './age.ts'
import { nodeDevice } from './commands/device.ts'
import { nodeInventory } from './commands/inventory.ts'
import type { CommandServices } from './commands/run.ts'
import type { DeliveryClient } from './delivery/client.ts'
import { Delivery } from './delivery/delivery.ts'
import { lockDirectory } from './directory-lock.ts'
import { Keeper } from './keeper.ts'
import { Link } from './link.ts'
import { registerDataMetrics } from './metrics.ts'
import { Outbox } from './outbox/outbox.ts'
import type { StartOutboxThread } from './outbox/thread.ts'
import { Damage } from './damage.ts'
import { createOverlay } from './overlay/overlay.ts'
import { DiskRoom, type DiskSize } from './room.ts'
import { ReaderPool, type ReaderPoolOptions } from './readers.ts'

/** Damage that nobody has read is found within about a day. */
const checkEveryMs = 12 * 60 * 60 * 1000

export interface NodeDataOptions {
  readonly storeId: string
  /** Holds replica.db and outbox.db; made where it is missing. One node at a time. */
  readonly directory: string
  /** Origin's base URL, or another way to the cloud and back. */
  readonly origin: string | { readonly source: LogSource; readonly delivery: DeliveryClient }
  /** What requests to origin are signed with; unsigned without it. */
  readonly key?: NodeKey | null
  /** Enrols the key first, where origin has not taken it yet. */
  readonly enrolCode?: string
  /** What else is derived in the replica's file, such as a search index. */
  readonly extensions: readonly ReplicaExtension[]
  readonly log: Logger
  readonly metrics: Registry
  readonly tracing?: Tracing
  readonly readers?: ReaderPoolOptions
  /** Longest wait of one request for changes, in milliseconds. */
  readonly waitMs?: number
  /** How full the disk is: readings leave the last of it to movements and counts. Never asked without it. */
  readonly diskSize?: () => DiskSize | null
  /** Time between two comparisons of all rows with the cloud's, in milliseconds; 0 for none but after a stop that was not clean. */
  readonly checkEveryMs?: number
  /** Longest pause after a failure of the link, in milliseconds. */
  readonly mostPauseMs?: number
  /** Told why origin could not be followed, each time; it is tried again whatever it is. */
  readonly onFault?: (error: unknown) => void
  /** What the node runs on; a simulation gives others. */
  readonly machine?: Machine
  readonly startOutboxThread?: StartOutboxThread
  readonly transport?: Transport
  readonly runFileTask?: RunFileTask
  readonly moves?: Moves
}

/**
 * Opens a store's own copy of its data: what is on the disk serves at once, with or without a link to origin; the rest comes
 * as the link allows. What is written is kept on the disk before it is acknowledged, and delivered once.
 * @throws AisleError DIRECTORY_IN_USE
 */
export async function openNodeData(options: NodeDataOptions): Promise<NodeData> {
  const { storeId, directory, extensions, log, metrics: registry, machine = thisMachine, startOutboxThread, transport } = options
  await using stack = new AsyncDisposableStack()
  stack.use(lockDirectory(directory))
  let keeper: Keeper | null = null
  let tracker: StateTracker | null = null
  let rescued = false
  const outbox = stack.use(
    new Outbox({
      path: join(directory, 'outbox.db'),
      storeId,
      machine,
      ...(startOutboxThread === undefined ? {} : { startThread: startOutboxThread }),
      onRescue({ aside, saved }) {
        rescued = true
        tracker?.doubt('loss')
        log.error({ aside, saved }, 'the outbox was damaged and is put aside; writes that could still be read are saved, others are reported as lost')
        keeper?.rescued()
      },
      onFault: (error) => log.error({ err: error }, 'the outbox cannot be opened: no writes are taken until it can'),
    }),
  )
  const { moves = new Moves() } = options
  const damage = new Damage(join(directory, 'replica.db.damage'), () => moves.everything())
  const overlay = createOverlay(storeId, outbox, (tags) => moves.moved(tags))
  const replica: Replica = stack.use(
    openReplica({ file: join(directory, 'replica.db'), scopes: [chainScope, storeScope(storeId)], extensions: [...extensions, overlay, movesExtension(moves, () => replica.state()?.readingsSince ?? null)], machine, onPutAside: (aside, error) => log.error({ aside, err: error }, 'the copy cannot be used and is put aside: nothing is served until origin has given a fresh one'), ...(options.runFileTask === undefined ? {} : { runTask: options.runFileTask }) }),
  )
  const readers = stack.use(new ReaderPool(replica, options.readers))
  const link = new Link(machine)
  const clock = new CloudClock(machine)
  const states = stack.use(new StateTracker({ initial: replica.position() === null ? 'bootstrapping' : replica.needsSnapshot || damage.any ? 'recovering' : 'offline', link, machine, log }))
  tracker = states
  if (rescued) states.doubt('loss')
  const asOf = replica.state()?.asOf
  if (asOf !== undefined) clock.passed(asOf)
  clock.stamped(outbox.lastReceivedAt() ?? -Infinity)
  const changes = createLocalFeed()
  stack.defer(() => changes.end())
  const publish: typeof changes.publish = (batch) => changes.publish(batch)
  const interrupt = (): void => changes.end(new AisleError('SUBSCRIPTION_INTERRUPTED', 'This node can\'t tell what changed meanwhile: subscribe again.'))

  const status = (): DataStatus => {
    const state = replica.state()
    return {
      state: states.state,
      position: state?.position ?? null,
      asOf: state?.asOf ?? null,
      ageSeconds: state === null ? 0 : clock.ageOf(state.asOf),
      online: link.online,
      pendingOperations: outbox.depth,
      readingsSince: state?.readingsSince ?? null,
    }
  }
  const metrics = registerDataMetrics(registry, status, { sessions: () => readers.leased, longestQueue: () => changes.longestQueue })

  const waiting = { wake: () => {} }
  const kept = stack.use(
    new Keeper({
      storeId,
      replica,
      outbox,
      overlay,
      readers,
      log,
      machine,
      publish,
      interrupt,
      listening: () => changes.scopes.size > 0,
      onWaiting: () => waiting.wake(),
      onStranger: () => states.doubt('stranger'),
      cloudNow: () => clock.now(),
      onLost(writes) {
        metrics.lost(writes)
        states.doubt('loss')
      },
    }),
  )
  keeper = kept
  await kept.start()

  const { source, delivery: client } =
    typeof options.origin === 'string'
      ? overHttp(
          stack.use(
            new HttpOrigin({
              origin: options.origin,
              storeId,
              key: options.key ?? null,
              ...(options.enrolCode === undefined ? {} : { enrolCode: options.enrolCode }),
              onHeard: () => link.heard(),
              watch: { tracing: options.tracing ?? noTracing, asked: metrics.asked },
              ...(transport === undefined ? {} : { transport }),
            }),
          ),
        )
      : options.origin
  const pause = options.mostPauseMs === undefined ? {} : { mostPauseMs: options.mostPauseMs }
  const delivery = stack.use(
    new Delivery({ outbox, client, link, log, machine, ...pause, position: () => replica.position(), cloudNow: () => (clock.known ? clock.now() : null), onRequest: (result, operations) => metrics.delivered(result, operations) }),
  )
  waiting.wake = () => delivery.wake()

  stack.use(
    startFollower({
      source,
      replica,
      log,
      machine,
      ...(options.waitMs === undefined ? {} : { waitMs: options.waitMs }),
      ...pause,
      checkEveryMs: options.checkEveryMs ?? checkEveryMs,
      onDamage: (ranges) => metrics.damaged(ranges),
      onFound: (found) => damage.found(found),
      damaged: damage.any,
      onApplied: (batches) => kept.applied(batches),
      onHead(head) {
        const first = !clock.known
        clock.heard(head)
        link.succeeded()
        // Until now nobody could tell when the writes were received.
        if (first) delivery.wake()
      },
      onLink(up) {
        if (up) return link.succeeded()
        link.failed()
        states.lost()
      },
      onPage: (atHead) => states.page(atHead),
      onCopied() {
        damage.mended()
        states.copied()
      },
      onCopyWanted: () => states.broken(),
      onRefused: () => states.doubt('refused'),
      ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
      onReset() {
        moves.everything()
        interrupt()
        kept.copied()
      },
    }),
  )

  const room = new DiskRoom(options.diskSize ?? (() => null), machine)
  const services: CommandServices = {
    storeId,
    outbox,
    readers,
    keeper: kept,
    clock,
    ready: () => replica.position() !== null,
    damaged: (tags) => damage.touchesAny(tags),
    onRefusal: (kind, code) => metrics.refused(kind, code),
    onDropped: (readings, reason) => metrics.dropped(readings, reason),
    shortOfRoom: () => room.short,
  }
  const resources = stack.move()
  return {
    storeId,
    read: () => readers.lease(),
    readNow: () => readers.leaseNow(),
    get latest() {
      return readers.latest
    },
    status,
    changes,
    moves,
    damage,
    inventory: nodeInventory(services),
    device: nodeDevice(services),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

function overHttp(origin: HttpOrigin): { source: LogSource; delivery: DeliveryClient } {
  return { source: logSourceOf(origin), delivery: deliveryOf(origin) }
}
