import type { PostgresStorage } from '../storage/postgres/storage.ts'

export interface AuditQuestion {
  /** Epoch milliseconds. */
  readonly since: number
  readonly until?: number | undefined
  readonly principal?: string | undefined
  readonly storeId?: string | undefined
  /** Most entries, newest first. */
  readonly limit: number
}

/** One write, as it is kept. Times are epoch milliseconds. */
export interface AuditEntry {
  readonly id: number
  readonly at: number
  readonly said_at: number
  readonly principal: string
  readonly mutation: string
  readonly operation_id: string
  readonly store_id: string | null
  /** JSON array of ids. */
  readonly subjects: string
  readonly outcome: string
  readonly source: string
  readonly request_id: string | null
}

export async function readAudit({ db }: Pick<PostgresStorage, 'db'>, { since, until, principal, storeId, limit }: AuditQuestion): Promise<AuditEntry[]> {
  let query = db.selectFrom('audit_log').selectAll().where('at', '>=', since).orderBy('at', 'desc').orderBy('id', 'desc').limit(limit)
  if (until !== undefined) query = query.where('at', '<', until)
  if (principal !== undefined) query = query.where('principal', '=', principal)
  if (storeId !== undefined) query = query.where('store_id', '=', storeId)
  return query.execute()
}
