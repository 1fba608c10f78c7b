import type { Transaction } from 'kysely'
import { recordAudit } from '../audit/record.ts'
import type { Database } from '../storage/database.ts'
import { refused, type CommandContext, type Outcome } from './commands.ts'
import { once } from './once.ts'

/**
 * Runs a command's effect once for its principal and operationId, in the caller's transaction. What comes of it is kept,
 * refusals too, and is the answer whenever the same command comes again; the payload compared is the command as given.
 */
export async function runNamed<Result, Code extends string>(
  transaction: Transaction<Database>,
  kind: string,
  command: { readonly operationId: string },
  context: CommandContext,
  effect: () => Promise<Outcome<Result, Code>>,
): Promise<Outcome<Result, Code | 'OPERATION_ID_REUSED'>> {
  const { principal, now } = context
  const outcome = await once(transaction, { principal, operationId: command.operationId, kind, payload: command, now }, async () => {
    const result = await effect()
    await recordAudit(transaction, kind, command, context, result)
    return result
  })
  if (outcome !== 'reused') return outcome
  const refusal = refused<Result, 'OPERATION_ID_REUSED'>('OPERATION_ID_REUSED', `The operationId ${command.operationId} was already used with other input.`, ['input', 'operationId'])
  await recordAudit(transaction, kind, command, context, refusal)
  return refusal
}
