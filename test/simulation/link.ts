import { Readable } from 'node:stream'
import type { Transport, TransportAnswer, TransportRequest } from '../../edge-cache/node/http-origin.ts'
import { protocolHeader } from '../../edge-cache/protocol.ts'
import type { Random } from '../differential/random.ts'
import type { OriginAnswer, OriginQuestion } from './cloud/origin.ts'
import type { Count } from './tally.ts'
import type { VirtualTime } from './time.ts'

/** How a link behaves. */
export interface Weather {
  readonly name: string
  /** One way, in milliseconds. */
  readonly latencyMs: number
  readonly bytesPerMs: number
  /** Share of requests that never arrive, and of answers that never come back. */
  readonly lossUp: number
  readonly lossDown: number
  /** Share of answers that break off half-way. */
  readonly breaks: number
  /** Answers come from something that is not origin. */
  readonly impostor: 'none' | 'portal' | 'proxy'
  /** Nothing goes through, and nobody says so. */
  readonly blackHole: boolean
  /** Connections are refused at once. */
  readonly refuses: boolean
  /** What is under way is never answered; what begins later is. */
  readonly halfOpen: boolean
}

const fair: Weather = {
  name: 'fair', latencyMs: 5, bytesPerMs: 10_000, lossUp: 0, lossDown: 0, breaks: 0, impostor: 'none', blackHole: false, refuses: false, halfOpen: false,
}

/** The ways in which a link can be bad. */
export const weathers: Readonly<Record<string, Weather>> = Object.fromEntries(
  (
    [
      { name: 'fair' },
      { name: 'black hole', blackHole: true },
      { name: 'refused', refuses: true },
      { name: '30 % loss', lossUp: 0.15, lossDown: 0.15, breaks: 0.1 },
      { name: '2 s round trip', latencyMs: 1_000 },
      { name: '16 kbit/s', bytesPerMs: 2 },
      { name: 'half open', halfOpen: true },
      { name: 'captive portal', impostor: 'portal' },
      { name: 'foreign proxy', impostor: 'proxy' },
      { name: 'lost answers', lossDown: 1 },
      { name: 'broken answers', breaks: 1 },
    ] satisfies Partial<Weather>[]
  ).map((part) => [part.name, { ...fair, ...part }]),
)

const portal: OriginAnswer = { status: 200, headers: { 'content-type': 'text/html' }, pieces: ['<html><body>Welcome! Please accept our terms to go online.</body></html>'] }
/** A middlebox that answers in JSON, with a status that origin uses, and is not origin. */
const proxy: OriginAnswer = { status: 409, headers: { 'content-type': 'application/json' }, pieces: ['{"error":{"code":"EPOCH_MISMATCH","message":"conflict"}}'] }

export interface LinkOptions {
  readonly time: VirtualTime
  readonly random: Random
  readonly answer: (question: OriginQuestion) => Promise<OriginAnswer>
  /** Told when origin has done what was asked, before its answer leaves. */
  readonly onDone?: (question: OriginQuestion) => void
  readonly count: Count
  /** Headers that the answers of a middlebox carry besides their own. */
  readonly disguise?: Readonly<Record<string, string>>
}

/** One node's way to origin. */
export class SimulatedLink {
  /** Requests begun so far. */
  requests = 0
  /** Makes something else of what origin answered; null where nothing does. */
  liar: ((question: OriginQuestion, answer: OriginAnswer) => OriginAnswer) | null = null
  /** When something that origin itself sent last arrived, in virtual time; null before that. */
  lastHeard: number | null = null
  readonly #options: LinkOptions
  #weather: Weather = fair
  /** What it is whatever else happens to it. */
  #held: Weather | null = null
  /** Grows with each change of weather: what is under way then may be stranded. */
  #spell = 0
  /** The spell that a request has met. */
  #met = 0

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get weather(): Weather {
    return this.#held ?? this.#weather
  }

  change(weather: Weather): void {
    this.#weather = weather
    this.#spell += 1
  }

  /** The link is like this until it is told otherwise with null: no change of its weather shows meanwhile. */
  keep(weather: Weather | null): void {
    this.#held = weather
    this.#spell += 1
  }

  /** The way as one life of a node's process has it; `alive` is false once that has ended. */
  transport(alive: () => boolean): Transport {
    return {
      request: (request) => this.#request(request, alive),
      destroy: async () => {},
    }
  }

  #request(request: TransportRequest, alive: () => boolean): Promise<TransportAnswer> {
    const { time } = this.#options
    const { headersTimeout, signal } = request
    this.requests += 1
    const { promise, resolve, reject } = Promise.withResolvers<TransportAnswer>()
    const timer = time.after(headersTimeout, () => reject(new Error('Headers Timeout Error')))
    const abort = (): void => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
    signal?.addEventListener('abort', abort)
    if (signal?.aborted === true) abort()
    if (alive()) void this.#carry(request, alive).then((answer) => answer !== null && resolve(answer), reject)
    return promise.finally(() => {
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', abort)
    })
  }

  /** The answer, or null when none ever comes. */
  async #carry(request: TransportRequest, alive: () => boolean): Promise<TransportAnswer | null> {
    const { time, random, answer, onDone, count } = this.#options
    const { method, path, headers, body } = request
    const spell = this.#spell
    const before = this.weather
    if (this.#met !== spell && before.name !== fair.name) count(`link: ${before.name}`)
    this.#met = spell
    if (before.refuses) {
      await time.sleep(before.latencyMs)
      throw new Error('connect ECONNREFUSED')
    }
    const lostUp = random.chance(before.lossUp)
    const lostDown = random.chance(before.lossDown)
    const breaks = random.chance(before.breaks)
    await time.sleep(before.latencyMs + (path.length + (body?.length ?? 0)) / before.bytesPerMs)
    if (before.blackHole || lostUp || this.weather.blackHole || !alive()) return null
    if (before.impostor !== 'none') {
      await time.sleep(before.latencyMs)
      return this.#arrive(request, disguised(before.impostor === 'portal' ? portal : proxy, this.#options.disguise), false, alive)
    }
    const question = { method, path, headers, body }
    const said = await answer(question)
    onDone?.(question)
    const given = this.liar?.(question, said) ?? said
    await time.sleep(this.weather.latencyMs)
    const stranded = this.#spell !== spell && (before.halfOpen || this.weather.halfOpen || this.weather.blackHole)
    if (lostDown || stranded || this.weather.blackHole || !alive()) {
      if (method === 'POST' && path.endsWith('/operations')) count('delivered: the answer was lost')
      return null
    }
    if (this.weather.refuses) throw new Error('read ECONNRESET')
    this.lastHeard = time.now
    return this.#arrive(request, given, breaks, alive)
  }

  #arrive(request: TransportRequest, { status, headers, pieces }: OriginAnswer, breaks: boolean, alive: () => boolean): TransportAnswer {
    const cut = breaks ? Math.max(1, Math.floor(pieces.length / 2)) : Infinity
    const own = status === 200 && headers[protocolHeader] !== undefined
    return { statusCode: status, headers, body: Readable.from(this.#body(request, pieces, cut, own, alive)) }
  }

  /** The pieces as they come; the one at `cut` breaks off. */
  async *#body({ bodyTimeout, signal }: TransportRequest, pieces: readonly string[], cut: number, own: boolean, alive: () => boolean): AsyncGenerator<Buffer> {
    const { time } = this.#options
    for (const [index, piece] of pieces.entries()) {
      await interruptible(time, Math.min(piece.length / this.weather.bytesPerMs, bodyTimeout), signal)
      if (index + 1 >= cut) {
        if (piece.length > 1) yield Buffer.from(piece.slice(0, piece.length >> 1))
        throw new Error('other side closed')
      }
      if (this.weather.blackHole || !alive()) {
        await interruptible(time, bodyTimeout, signal)
        throw new Error('Body Timeout Error')
      }
      if (own) this.lastHeard = time.now
      yield Buffer.from(piece)
    }
  }
}

function disguised(answer: OriginAnswer, disguise: LinkOptions['disguise'] = {}): OriginAnswer {
  return { ...answer, headers: { ...answer.headers, ...disguise } }
}

/** Waits for `ms` milliseconds of virtual time. @throws the reason of `signal` when that comes first. */
async function interruptible(time: VirtualTime, ms: number, signal: AbortSignal | null): Promise<void> {
  const over = Promise.withResolvers<void>()
  const wake = (): void => over.resolve()
  using _timer = time.after(ms, wake)
  signal?.addEventListener('abort', wake)
  await over.promise
  signal?.removeEventListener('abort', wake)
  signal?.throwIfAborted()
}
