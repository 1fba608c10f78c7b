import type { Part } from '../parts.ts'
import { Market } from './market/market.ts'
import type { Results } from './results.ts'
import { measureRounds, type Entry } from './rounds.ts'
import { Session } from './session.ts'

/** What a part is given that measures on the market. */
export interface Stage {
  readonly market: Market
  readonly session: Session
  /** What is started goes here. */
  readonly stack: AsyncDisposableStack
  readonly quick: boolean
  readonly say: (text: string) => void
  /** What is found goes here, by its stable name. */
  readonly figures: Record<string, number>
  /** Everything in turn, in short slices. */
  readonly measure: (entries: readonly Entry[]) => Promise<Results>
}

/** How many ask at the same time: as the public benchmark has it. */
export const marketConnections = 50

const full = { rounds: 5, warmUp: { warmMs: 0, measureMs: 2_000 }, slice: { warmMs: 300, measureMs: 1_700 } }
const short = { rounds: 1, warmUp: { warmMs: 0, measureMs: 300 }, slice: { warmMs: 0, measureMs: 500 } }

export function onMarket(part: (stage: Stage) => Promise<string>): Part {
  return async ({ quick, say }, stack) => {
    const market = stack.use(await Market.start())
    const session = stack.use(await Session.start(market, marketConnections))
    const figures: Record<string, number> = {}
    const measure = (entries: readonly Entry[]): Promise<Results> => measureRounds(session, entries, quick ? short : full, say)
    return { table: await part({ market, session, stack, quick, say, figures, measure }), figures }
  }
}
