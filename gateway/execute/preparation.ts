import { currentSpan } from '../../runtime/request.ts'
import { underSpan } from '../../runtime/tracing.ts'

/** What is done once for an operation before it can run. */
export type Phase = 'parse' | 'validate' | 'plan'

/** Told how operations come to be ready. */
export interface PreparationObserver {
  /** An operation was asked for; whether it was ready. */
  readonly looked: (ready: boolean) => void
  readonly phase: (phase: Phase, seconds: number) => void
}

export const unobserved: PreparationObserver = { looked() {}, phase() {} }

/** Does a phase under a span of its own, and tells how long it took. */
export function observed<Result>({ phase: tell }: PreparationObserver, phase: Phase, work: () => Result): Result {
  const started = performance.now()
  const result = underSpan(currentSpan().child(`graphql.${phase}`, 'internal'), work)
  const end = (): void => tell(phase, (performance.now() - started) / 1000)
  if (result instanceof Promise) result.then(end, end)
  else end()
  return result
}
