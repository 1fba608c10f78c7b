import { AisleError } from '../../runtime/errors.ts'

/** @throws AisleError BAD_USER_INPUT for a blank or endless operationId: no two intents may share it by accident. */
export function requireOperationId(operationId: string): string {
  if (operationId.trim() === '' || operationId.length > 200) {
    throw new AisleError('BAD_USER_INPUT', 'The operationId must be a text of 1 to 200 characters, chosen afresh for every intent.')
  }
  return operationId
}
