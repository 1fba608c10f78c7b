import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { httpUrl, origins, port } from '../runtime/config.ts'
import type { StreamAddress } from './subgraphs/client.ts'
import { encodings } from '../runtime/graphql/encoding.ts'
import { contextSettings } from '../runtime/identity/context.ts'
import { limitSettings } from './limits/settings.ts'
import { identitySettings } from '../runtime/identity/identity.ts'
import { defaultTraceHeaders } from './subgraphs/headers.ts'

/** What closing may need once no more is accepted: 5 s for open requests, and a little for all else. */
const minDrainLimitMs = 6_000

const flag = z.stringbool().or(z.boolean()).default(false)

const headerNames = z.union([z.string(), z.array(z.string())]).transform((given) => [given].flat().flatMap((text) => text.split(',')).map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))

/** `graphql-ws` or `sse` at the URL for queries, or a ws(s) or http(s) URL, whose scheme says which. */
const streamAddress = z.string().transform((text, context): StreamAddress => {
  if (text === 'graphql-ws' || text === 'sse') return { protocol: text }
  const scheme = URL.canParse(text) ? new URL(text).protocol : ''
  if (/^wss?:$/.test(scheme)) return { protocol: 'graphql-ws', url: text }
  if (/^https?:$/.test(scheme)) return { protocol: 'sse', url: text }
  context.issues.push({ code: 'custom', message: 'write NAME=graphql-ws, NAME=sse, or NAME=URL with ws(s) or http(s)', input: text })
  return z.NEVER
})

/** Everything that can be set about a gateway. Durations in milliseconds, sizes in bytes. */
export const gatewayConfig = z.object({
  ...identitySettings,
  ...contextSettings,
  ...limitSettings,
  /** Which policies of the graph each role grants, besides the one of its own name: a JSON file of {role: [policy]}. */
  policies: z.string().optional(),
  port: port.default(4000),
  /** The address to listen at; all of them by default. */
  host: z.string().optional(),
  /** A file or an http(s) URL. */
  supergraph: z.string({ error: 'name a file or an http(s) URL' }).min(1),
  /** Pause between two looks whether the supergraph has changed; 0 never looks. */
  supergraphPoll: z.coerce.number().int().min(0).default(10_000),
  /** Persisted operations, in Apollo's format. */
  manifest: z.string().optional(),
  /** Whether only ids of the manifest are served (`required`), also its documents themselves (`safelist`), or all, those that are not in it being logged. */
  persistedOnly: z.union([z.enum(['log', 'safelist', 'required']), flag.transform((given) => (given ? ('required' as const) : ('off' as const)))], { error: 'write required, safelist or log' }),
  /** Automatic persisted queries. */
  apq: z.boolean().default(true),
  /** Origins of other sites whose pages may use the graph; `*` for all. */
  allowOrigin: origins,
  /** Routing URLs by subgraph name, instead of those in the supergraph. */
  subgraphUrl: z.record(z.string(), httpUrl).default({}),
  /** Labels of progressive overrides (`@override(label:)`) that take place; those of `percent(…)` are drawn for each request. */
  overrideLabel: z.array(z.string().min(1)).default([]),
  /** Longest wait for one answer of a subgraph. */
  timeout: z.coerce.number().int().min(1).default(10_000),
  /** The same for some subgraphs, by name. */
  subgraphTimeout: z.record(z.string(), z.coerce.number().int().min(1)).default({}),
  /** How often a query is sent again to a subgraph that cannot be reached or answers 502, 503 or 504, within the timeout. */
  retries: z.coerce.number().int().min(0).default(2),
  /** Failures in a row after which a subgraph is not asked for a while; 0 never stops asking. */
  breakerFailures: z.coerce.number().int().min(0).default(20),
  /** How long it is not asked. */
  breakerPause: z.coerce.number().int().min(1).default(2_000),
  /** Compresses answers where clients accept it. */
  compression: z.boolean().default(true),
  /** The smallest body that is compressed. */
  compressionThreshold: z.coerce.number().int().min(0).default(1_024),
  /** How requests of that size to some subgraphs are packed, by name: they must be known to unpack them. */
  subgraphCompression: z.record(z.string(), z.enum(encodings)).default({}),
  /** Hides from clients which subgraph failed and how; and without an issuer of tokens, everybody is the public. */
  production: flag,
  bodyLimit: z.coerce.number().int().min(1).default(1_048_576),
  /** Largest answer of a subgraph. */
  maxResponse: z.coerce.number().int().min(1).default(67_108_864),
  connections: z.coerce.number().int().min(1).default(64),
  /** Prepared operations kept in memory. */
  planCache: z.coerce.number().int().min(1).default(1_000),
  /** Memory that they may take, estimated by their documents and plans; and as much again for automatic persisted queries. */
  planCacheBytes: z.coerce.number().int().min(1).default(67_108_864),
  /** Executes equal queries of equal callers once while they are in flight. */
  shareQueries: z.boolean().default(true),
  /** The same for requests to subgraphs. */
  shareSubgraphRequests: z.boolean().default(true),
  /** One source for equal subscriptions of equal callers. */
  shareSubscriptions: z.boolean().default(true),
  /** Headers of a client's request that subgraphs receive; a few by default. */
  propagateHeader: headerNames.optional(),
  /** Those among them that name a request and not its caller. */
  traceHeader: headerNames.default([...defaultTraceHeaders]),
  /** How subgraphs are subscribed to: `graphql-ws`, `sse`, or the URL of either. */
  subgraphSubscriptions: z.record(z.string(), streamAddress).default({}),
  /** How long a lost source of events is sought again before its subscriptions end. */
  streamRetry: z.coerce.number().int().min(0).default(60_000),
  /** How long a subgraph's connection for events may be silent although it should have answered; 0 waits for ever. */
  streamSilence: z.coerce.number().int().min(0).default(20_000),
  /** Bytes that may wait for a client that does not read. */
  clientBuffer: z.coerce.number().int().min(1).default(262_144),
  /** What becomes of a subscriber for whom more would wait. */
  slowClients: z.enum(['coalesce', 'disconnect']).default('disconnect'),
  /** Pause between two signs of life asked of each subscriber; 0 asks for none. */
  clientPing: z.coerce.number().int().min(0).default(12_000),
  /** Operations at a time on one WebSocket. */
  clientOperations: z.coerce.number().int().min(1).default(1_000),
  /** Operations that a new supergraph has ready before it is served: those asked for most on the one before. */
  warmUp: z.coerce.number().int().min(0).default(100),
  /** Longest time for that. */
  warmUpLimit: z.coerce.number().int().min(0).default(2_000),
  /** Longest time to stop, after which the process ends whatever still runs. */
  drainLimit: z.coerce.number().int().min(minDrainLimitMs).default(10_000),
  /** How long requests are still accepted once the process has been told to stop and says that it is not ready. */
  drainGrace: z.coerce.number().int().min(0).default(0),
  /** Tabs that the explorer opens on the first visit: a JSON file of [{title, query, variables}]. */
  examples: z.string().optional(),
  explorerFolder: z.string().default(fileURLToPath(new URL('explorer/dist', import.meta.url))),
}).refine(({ persistedOnly, manifest }) => !['required', 'safelist'].includes(persistedOnly) || manifest !== undefined, {
  path: ['manifest'],
  error: 'name the manifest that --persisted-only is about',
}).refine(({ drainGrace, drainLimit }) => drainGrace + minDrainLimitMs <= drainLimit, {
  path: ['drainGrace'],
  error: `must leave ${minDrainLimitMs} ms of --drain-limit, which open requests may need`,
})

export type GatewayConfig = z.output<typeof gatewayConfig>
