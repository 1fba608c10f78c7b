import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { postgresUrl } from '../../runtime/config.ts'
import { addPatienceOptions, patienceSettings } from '../../runtime/http/patience.ts'
import type { Budget } from './rate.ts'

const count = z.coerce.number().int().min(0)
const names = z.union([z.string(), z.array(z.string())]).transform((given) => [given].flat().flatMap((text) => text.split(',')).map((name) => name.trim()).filter((name) => name !== ''))

/** `points`, or `points/seconds`; a minute without. */
const budget = z.string().transform((text, context): Budget => {
  const [, points = '', seconds = '60'] = /^(\d{1,9})(?:\/(\d{1,6}))?$/.exec(text) ?? []
  if (Number(points) > 0 && Number(seconds) > 0) return { points: Number(points), seconds: Number(seconds) }
  context.issues.push({ code: 'custom', message: 'write ROLE=POINTS or ROLE=POINTS/SECONDS', input: text })
  return z.NEVER
})

/** What clients may ask of a gateway; spread into its settings. Durations in milliseconds, 0 for no limit. */
export const limitSettings = {
  maxDepth: count.default(30),
  maxHeight: count.default(1_000),
  maxAliases: count.default(200),
  maxRootFields: count.default(50),
  maxDirectives: count.default(100),
  maxTokens: count.default(10_000),
  maxCost: count.default(1_000_000),
  /** How long a list is taken to be of which the schema says nothing. */
  listSize: count.default(10),
  /** What each role's clients may spend. */
  budget: z.record(z.string(), budget).default({}),
  /** A Postgres where replicas count together. */
  rateLimitStore: postgresUrl.optional(),
  trustProxy: count.max(10).default(0),
  trustClientId: z.string().min(1).transform((name) => name.toLowerCase()).optional(),
  /** The roles whose callers may send documents that are not in the manifest; everybody where it is not given. */
  freeForm: names.optional(),
  maxConcurrent: count.default(1_000),
  maxQueue: count.default(1_000),
  maxLag: count.default(1_000),
  /** Per cent of the heap's limit. */
  maxHeap: count.max(100).default(90),
  ...patienceSettings,
  /** Bytes a second. */
  minUploadRate: count.default(1_024),
  uploadGrace: count.default(5_000),
  maxConnectionsPerAddress: count.default(0),
  /** How long a WebSocket may be open without an operation on it. */
  socketIdle: count.default(600_000),
} as const

export type LimitSettings = Readonly<z.output<z.ZodObject<typeof limitSettings>>>

/** Adds the settings above to a command. */
export function addLimitOptions(command: Command): Command {
  const add = (flags: string, description: string, variable: string): Command => command.addOption(new Option(flags, description).env(`AISLE_${variable}`))
  add('--max-depth <count>', 'fields inside each other in a document that is not in the manifest; 0 for no limit, as for all that follow (default: 30)', 'MAX_DEPTH')
  add('--max-height <count>', 'fields in it, fragments counted wherever they are spread (default: 1000)', 'MAX_HEIGHT')
  add('--max-aliases <count>', 'aliases in it (default: 200)', 'MAX_ALIASES')
  add('--max-root-fields <count>', 'fields at its root (default: 50)', 'MAX_ROOT_FIELDS')
  add('--max-directives <count>', 'directives in it (default: 100)', 'MAX_DIRECTIVES')
  add('--max-tokens <count>', 'lexical tokens in it (default: 10000)', 'MAX_TOKENS')
  add('--max-cost <cost>', 'the largest estimated cost of an operation (@cost, @listSize); a client that sends x-aisle-cost: 1 is told it in extensions.cost (default: 1000000)', 'MAX_COST')
  add('--list-size <count>', 'how long a list is taken to be of which the schema says nothing (default: 10)', 'LIST_SIZE')
  command.addOption(new Option('--budget <role=points/seconds>', 'what a client of this role may spend, an operation costing its estimate; in a minute without /seconds; public is for all others (repeatable)').env('AISLE_BUDGETS').argParser(addBudget))
  add('--rate-limit-store <url>', 'Postgres in which replicas count together; without it, and while it fails, each counts in memory', 'RATE_LIMIT_STORE')
  add('--trust-proxy <count>', 'how many proxies of yours are in front: so many entries at the end of X-Forwarded-For count (default: 0)', 'TRUST_PROXY')
  add('--trust-client-id <header>', 'header by which a proxy of yours names clients that have no token', 'TRUST_CLIENT_ID')
  command.addOption(new Option('--free-form <role...>', 'only callers of these roles may send documents that are not in the manifest').env('AISLE_FREE_FORM'))
  add('--max-concurrent <count>', 'operations at work at once (default: 1000)', 'MAX_CONCURRENT')
  add('--max-queue <count>', 'operations that wait for their turn, others being turned away; here 0 is none (default: 1000)', 'MAX_QUEUE')
  add('--max-lag <ms>', 'how late the event loop may be before operations are turned away (default: 1000)', 'MAX_LAG')
  add('--max-heap <percent>', 'how much of the heap may be used before operations are turned away (default: 90)', 'MAX_HEAP')
  addPatienceOptions(command)
  add('--min-upload-rate <bytes>', 'bytes a second that a body must come in at (default: 1024)', 'MIN_UPLOAD_RATE')
  add('--upload-grace <ms>', 'from when on that counts (default: 5000)', 'UPLOAD_GRACE')
  add('--max-connections-per-address <count>', 'connections open from one address; not behind a proxy (default: 0)', 'MAX_CONNECTIONS_PER_ADDRESS')
  return add('--socket-idle <ms>', 'how long a WebSocket may be open without an operation on it (default: 600000)', 'SOCKET_IDLE')
}

/** Also reads several at once, parted by commas, as an environment variable holds them. */
function addBudget(value: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> {
  const added = value.split(',').map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new InvalidArgumentError('write it as role=points or role=points/seconds')
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
  })
  return { ...previous, ...Object.fromEntries(added) }
}
