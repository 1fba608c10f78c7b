import { durationBuckets } from '../../../runtime/http/figures.ts'
import { Durations } from '../../../runtime/durations.ts'
import { Counter, Gauge } from '../../../runtime/metrics.ts'
import { currentSpan } from '../../../runtime/request.ts'
import type { RoleContext } from '../../../runtime/role.ts'
import { isPromise, lastly } from '../../../subgraphs/shared/soon.ts'
import type { PreparedOperation } from './documents.ts'
import type { Answer, Executor } from './execute.ts'

/** An executor that keeps account of what it does: figures, a span an execution, and the slow ones in the log. What is answered from ready bytes is no execution. */
export function watchExecutor(executor: Executor, { metrics, log, slowMs }: Pick<RoleContext, 'metrics' | 'log' | 'slowMs'>): Executor {
  const registers = [metrics]
  const durations = new Durations({
    name: 'graphql_operation_duration_seconds',
    help: 'Duration of executions; what is answered from ready bytes is not among them',
    labelNames: ['graphql_operation_name', 'graphql_operation_type'],
    buckets: durationBuckets,
    registers,
  })
  const faults = new Counter({ name: 'graphql_errors_total', help: 'Errors in executed answers, by extensions.code', labelNames: ['code'], registers })
  const subscriptions = new Gauge({ name: 'graphql_active_subscriptions', help: 'Subscriptions being served', registers })
  const account = (answer: Answer): Answer => {
    for (const error of answer.errors) faults.inc({ code: codeOf(error) })
    return answer
  }
  const ended = ({ name, id, type }: PreparedOperation, ms: number): void => {
    durations.took(ms / 1000, name, type)
    if (slowMs > 0 && ms > slowMs) log.warn({ operation: name, hash: id, type, ms: Math.round(ms) }, 'a slow operation')
  }
  return {
    run(operation, variables, caller, reads) {
      const startedAt = performance.now()
      const parent = currentSpan()
      const span = parent.recording ? parent.child('graphql.execute', 'internal', { 'graphql.operation.name': operation.name, 'graphql.operation.type': operation.type, 'graphql.document.hash': operation.id }) : parent
      const failed = (error: unknown): never => {
        if (span !== parent) span.fail(codeOf({ extensions: error as object }))
        throw error
      }
      return lastly(
        () => {
          try {
            const answer = executor.run(operation, variables, caller, reads)
            return isPromise(answer) ? answer.then(account, failed) : account(answer)
          } catch (error) {
            return failed(error)
          }
        },
        () => {
          if (span !== parent) span.end()
          ended(operation, performance.now() - startedAt)
        },
      )
    },
    async subscribe(operation, ...rest) {
      const answers = await executor.subscribe(operation, ...rest)
      return counted(answers)
    },
  }

  async function* counted(answers: AsyncIterableIterator<Answer>): AsyncGenerator<Answer> {
    subscriptions.inc()
    try {
      for await (const answer of answers) {
        account(answer)
        yield answer
      }
    } finally {
      subscriptions.dec()
    }
  }
}

/** Of an error as it is answered: always a code of the table. */
function codeOf(error: object): string {
  const { extensions } = error as { readonly extensions?: { readonly code?: unknown } }
  return typeof extensions?.code === 'string' ? extensions.code : 'OTHER'
}
