import type { DatabaseSync } from 'node:sqlite'
import { AisleError } from '../../../../runtime/errors.ts'
import type { CommandContext, Outcome, UserError } from '../../../../subgraphs/shared/commands.ts'
import type { Tag } from '../../../../subgraphs/shared/tags.ts'
import { payloadHash, requireKeepable } from '../../../../subgraphs/shared/once.ts'
import type { CloudClock } from '../age.ts'
import type { AnswerMaker, Keeper } from '../keeper.ts'
import type { DropReason } from '../metrics.ts'
import type { OperationKind } from '../outbox/operation.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { ReaderPool } from '../readers.ts'

/** What the commands of a node work on. */
export interface CommandServices {
  readonly storeId: string
  readonly outbox: Outbox
  readonly readers: ReaderPool
  readonly keeper: Keeper
  readonly clock: CloudClock
  /** Whether the first copy is there: without it nothing can be checked. */
  readonly ready: () => boolean
  /** Whether what is read under these tags is damaged: nothing then follows from it. */
  readonly damaged: (tags: readonly Tag[]) => boolean
  /** Told of every write that was refused here. */
  readonly onRefusal: (kind: OperationKind, code: string) => void
  /** Told of readings that were not kept. */
  readonly onDropped: (readings: number, reason: DropReason) => void
  /** Whether the room left on the disk is for movements and counts alone. */
  readonly shortOfRoom: () => boolean
}

export interface NodeCommand<Result, Code extends string> {
  readonly kind: OperationKind
  readonly command: { readonly operationId: string }
  /** Why the replica, which `connection` reads with pending writes over it, speaks against the write; null when nothing does. */
  readonly check: (connection: DatabaseSync) => UserError<Code> | null
  /** What `check` reads, and what `answer` shows. */
  readonly checks: readonly Tag[]
  readonly shows: readonly Tag[]
  readonly answer: AnswerMaker<Result>
  /** How many readings it brings: they are given up for what must not be. */
  readonly readings?: number
}

/**
 * Runs a write on a store's node: what the node knows to be wrong is refused, the rest is kept and shown, and the cloud has the
 * last word. A repeated operationId gets what it got before; once the cloud has spoken, that.
 * @throws AisleError NOT_READY, WRITE_NOT_KEPT, BAD_USER_INPUT
 */
export async function runCommand<Result, Code extends string>(
  services: CommandServices,
  asked: NodeCommand<Result, Code>,
  context: CommandContext,
): Promise<Outcome<Result, Code | 'OPERATION_ID_REUSED'>> {
  try {
    return await run(services, asked, context)
  } catch (error) {
    // Nothing that is not kept goes by uncounted, and whoever sent it is told.
    if (AisleError.is(error) && error.code === 'WRITE_NOT_KEPT') {
      services.onRefusal(asked.kind, error.code)
      if (asked.readings !== undefined) services.onDropped(asked.readings, error.details.reason === 'reserved' ? 'reserved' : 'not_kept')
    }
    throw error
  }
}

async function run<Result, Code extends string>(
  { outbox, readers, keeper, ready, damaged, shortOfRoom, onRefusal }: CommandServices,
  { kind, command, check, checks, shows, answer, readings = 0 }: NodeCommand<Result, Code>,
  { principal, now }: CommandContext,
): Promise<Outcome<Result, Code | 'OPERATION_ID_REUSED'>> {
  if (!ready()) throw new AisleError('NOT_READY')
  const { operationId } = command
  // The cloud could never keep it, and would be offered it for ever.
  requireKeepable([principal, command])
  // What is damaged refuses nobody: the cloud has the last word.
  const unheard = isNew(outbox, principal, operationId)
  if (unheard && !damaged(checks)) {
    const refusal = readers.peek(check)
    if (refusal !== null) {
      onRefusal(kind, refusal.code)
      return { result: null, userErrors: [refusal], pending: false }
    }
  }
  if (unheard && readings > 0 && shortOfRoom()) {
    throw new AisleError('WRITE_NOT_KEPT', 'The disk is nearly full: what room it has is for movements and counts.', { details: { reason: 'reserved' satisfies DropReason } })
  }
  const kept = await keeper.keep({ principal, operationId, kind, payload: JSON.stringify(command), hash: payloadHash({ kind, payload: command }), receivedAt: now }, answer)
  switch (kept.status) {
    case 'pending':
      return { result: damaged(shows) ? null : kept.answer, userErrors: [], pending: true }
    case 'known':
      return JSON.parse(kept.operation.outcome ?? 'null') as Outcome<Result, Code>
    case 'reused':
      onRefusal(kind, 'OPERATION_ID_REUSED')
      return {
        result: null,
        userErrors: [{ code: 'OPERATION_ID_REUSED', message: `The operationId ${operationId} was already used with other input.`, field: ['input', 'operationId'] }],
        pending: false,
      }
  }
}

/** @throws AisleError WRITE_NOT_KEPT when the outbox can't even be read. */
function isNew(outbox: Outbox, principal: string, operationId: string): boolean {
  try {
    return outbox.find(principal, operationId) === null
  } catch (error) {
    throw new AisleError('WRITE_NOT_KEPT', undefined, { cause: error })
  }
}

/** Who runs a command, with the time as the cloud's clock has it: a store's own may be wrong. */
export function inCloudTime({ clock }: CommandServices, { principal, now }: CommandContext): CommandContext {
  return { principal, now: clock.ofWallClock(now) }
}

/** @throws AisleError CLOUD_ONLY */
export function cloudOnly(what: string): never {
  throw new AisleError('CLOUD_ONLY', `${what} is done in the cloud only.`)
}
