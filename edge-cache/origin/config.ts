import { z } from 'zod'
import { port, postgresUrl } from '../../runtime/config.ts'
import { patienceSettings } from '../../runtime/http/patience.ts'

/** What origin is told when it starts. */
export const originConfigSchema = z.object({
  ...patienceSettings,
  databaseUrl: postgresUrl,
  /** Answers enrolled nodes only; a node that signs its requests is held to its enrolment in any case. */
  requireEnrolment: z.stringbool().or(z.boolean()).optional(),
  /** The same. */
  production: z.stringbool().or(z.boolean()).optional(),
  port: port.default(4010),
  host: z.string().optional(),
  /** Least time between two batches of the log, in milliseconds. */
  tick: z.coerce.number().int().min(0).max(10_000).default(20),
  /** How long after its last sign of life another sequencer takes over, in milliseconds. */
  lease: z.coerce.number().int().min(500).max(600_000).default(5_000),
  /** Most connections to Postgres at once, beside those of the sequencer, of snapshots and of the log's head. */
  connections: z.coerce.number().int().positive().default(10),
  /** Most milliseconds that one statement of a delivered write may take. */
  statementTimeout: z.coerce.number().int().min(10).max(600_000).default(10_000),
  /** Most copies and comparisons made at once. */
  copies: z.coerce.number().int().positive().max(100).default(4),
  /** Most requests of each kind that wait for their turn, and ten times as many of those that are answered from memory; more are told to come back later. */
  queue: z.coerce.number().int().positive().default(1_000),
  /** Age in hours from which superseded changes are dropped from the log. */
  compactAfter: z.coerce.number().positive().default(24),
  /** Days that the log reaches back. */
  retention: z.coerce.number().positive().default(14),
  /** Most changes that the log keeps. */
  mostChanges: z.coerce.number().int().positive().default(50_000_000),
  /** Days that the outcome of a write is remembered. */
  outcomeRetention: z.coerce.number().positive().default(365),
  /** Days that the audit log is kept. */
  auditRetention: z.coerce.number().positive().default(730),
})

export type OriginConfig = z.output<typeof originConfigSchema>
