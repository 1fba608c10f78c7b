import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { AisleError } from '../errors.ts'
import { type GrantPolicies, policiesByRole } from './requirement.ts'

const table = z.record(z.string(), z.array(z.string()))

/**
 * Which of a graph's policies a caller satisfies: those their roles grant, by the file's table or by their name.
 * @param file JSON of {role: [policy]}
 * @throws AisleError CONFIG_INVALID
 */
export async function readPolicies(file: string | undefined): Promise<GrantPolicies> {
  if (file === undefined) return policiesByRole()
  try {
    return policiesByRole(table.parse(JSON.parse(await readFile(file, 'utf8'))))
  } catch (cause) {
    throw new AisleError('CONFIG_INVALID', `The policies ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
