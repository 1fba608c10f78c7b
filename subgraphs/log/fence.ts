import type pg from 'pg'

/** The channel that says that the log has grown; see `LogNotice`. */
export const logChannel = 'aisle_log'

/** What a notification of `logChannel` says. It only wakes: what is in the log is read from the log. */
export interface LogNotice {
  readonly batch: number
  /** The scopes that the batch touches; left out where they are too many for a notification. */
  readonly scopes?: readonly string[]
}

/** A lease that reaches further than this was given before the server's clock was set back. */
const longestLease = '1 hour'

/** Takes the lease when nobody else holds it; the new term fences off whoever held it before. Null while another holds it. */
export async function takeLease(client: pg.Client, owner: string, leaseMs: number): Promise<number | null> {
  const { rows } = await client.query<{ term: number }>(
    `update log_fence set term = term + 1, owner = $1, lease_until = clock_timestamp() + $2 * interval '1 millisecond'
     where id = 1 and (lease_until not between clock_timestamp() and clock_timestamp() + interval '${longestLease}' or owner = $1) returning term`,
    [owner, leaseMs],
  )
  return rows[0]?.term ?? null
}

/**
 * Locks the fence until the transaction ends and renews the lease; tells whether changes wait in the outbox.
 * Null when another has taken over.
 */
export async function renewLease(client: pg.Client, term: number, leaseMs: number): Promise<{ readonly waiting: boolean } | null> {
  const { rows } = await client.query<{ waiting: boolean }>(lockStatement('$1', '$2'), [term, leaseMs])
  return rows[0] ?? null
}

function lockStatement(term: string, leaseMs: string): string {
  return `update log_fence set lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond' where id = 1 and term = ${term} returning exists (select from outbox) as waiting`
}

/**
 * Begins a transaction and does the same in it, in one go: each way to the database and back is time in which a change waits. Whoever gets null rolls back.
 */
export async function beginBatch(client: pg.Client, term: number, leaseMs: number): Promise<{ readonly waiting: boolean } | null> {
  const [, locked] = await inOneGo<{ waiting: boolean }>(client, `begin; ${lockStatement(String(Math.trunc(term)), String(Math.trunc(leaseMs)))}`)
  return locked?.rows[0] ?? null
}

/** Whether changes wait in the outbox: for looking often, it locks and writes nothing. */
export async function outboxWaits(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ waiting: boolean }>('select exists (select from outbox) as waiting')
  return rows[0]?.waiting === true
}

/** Lets another take over at once. */
export async function releaseLease(client: pg.Client, term: number): Promise<void> {
  await client.query("update log_fence set owner = null, lease_until = '-infinity' where id = 1 and term = $1", [term])
}

export interface MovedBatch {
  readonly batch: number
  readonly changes: number
}

/**
 * Moves all of the outbox to the logs of its scopes as one batch. One statement sees one state of the database, and later ones
 * see later states, so each batch is a cut between commits. Whoever calls it holds the fence, locked by an earlier statement of the
 * same transaction: a base position read before the lock was granted would be stale.
 */
export async function moveOutbox(client: pg.Client): Promise<MovedBatch | null> {
  const { rows } = await client.query<MovedBatch>(moveStatement)
  return rows[0] ?? null
}

/** The same, and the end of the transaction that began with `beginBatch`, in one go: the move still sees what was committed before the fence was granted. */
export async function moveAndCommit(client: pg.Client): Promise<MovedBatch | null> {
  const [moved] = await inOneGo<MovedBatch>(client, `${moveStatement}; commit`)
  return moved?.rows[0] ?? null
}

/** Several statements without parameters: each sees a state of its own, as if they came one by one. */
async function inOneGo<Row extends pg.QueryResultRow>(client: pg.Client, text: string): Promise<readonly pg.QueryResult<Row>[]> {
  const results: unknown = await client.query(text)
  return results as readonly pg.QueryResult<Row>[]
}

const moveStatement = `
  with moved as (
    delete from outbox returning seq, scope, entity, key, op, row
  ), counted as (
    select scope, count(*) as changes from moved group by scope
  ), bumped as (
    insert into log_scope as s (scope, position) select scope, changes from counted order by scope
    on conflict (scope) do update set position = s.position + excluded.position
    returning scope, position
  ), advanced as (
    update log_fence set batch = batch + 1, batch_at = greatest(batch_at, (extract(epoch from statement_timestamp()) * 1000)::bigint)
    where id = 1 and exists (select from moved) returning batch, batch_at
  ), logged as (
    insert into log (scope, position, batch, entity, key, op, row)
    select m.scope, b.position - c.changes + row_number() over (partition by m.scope order by m.seq), a.batch, m.entity, m.key, m.op, m.row
    from moved m join counted c on c.scope = m.scope join bumped b on b.scope = m.scope cross join advanced a
  ), summed as (
    select sum(changes)::bigint as changes, jsonb_agg(scope) as scopes from counted
  ), recorded as (
    insert into log_batch (batch, at, changes) select a.batch, a.batch_at, s.changes from advanced a cross join summed s
  ), notice as (
    select jsonb_build_object('batch', a.batch, 'scopes', s.scopes)::text as whole, jsonb_build_object('batch', a.batch)::text as brief
    from advanced a cross join summed s
  )
  select a.batch, s.changes, pg_notify('${logChannel}', case when octet_length(n.whole) < 7900 then n.whole else n.brief end)
  from advanced a cross join summed s cross join notice n
`
