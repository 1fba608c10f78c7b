import { z } from 'zod'

/** What a node signs its requests to origin with, and what origin demands of them. */
export const nodeToken = { type: 'aisle-node+jwt', enrolType: 'aisle-enrol+jwt', audience: 'aisle-origin', algorithm: 'EdDSA' } as const

/** The body of a request to be enrolled, at `/sync/enrol`: a JWT signed with the key that it carries, so that only its holder can enrol it. */
export const enrolRequest = z.object({
  /** As `aisle origin enrol` printed it. */
  code: z.string().min(1).max(200),
  /** The node's public key: a JWK of kind OKP, Ed25519. */
  publicKey: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().min(1).max(100) }),
  storeId: z.string().min(1),
  proof: z.string().max(4_096),
})

export type EnrolRequest = z.output<typeof enrolRequest>

/** What origin answers. */
export const enrolAnswer = z.object({ nodeId: z.string().min(1), storeId: z.string().min(1) })
