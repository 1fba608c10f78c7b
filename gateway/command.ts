import { type Command, InvalidArgumentError, Option } from 'commander'
import { addContextOptions, addIdentityOptions } from '../runtime/identity/options.ts'
import { decodeConfig } from '../runtime/config.ts'
import { switchOption } from '../runtime/switch.ts'
import { runRole } from '../runtime/role.ts'
import { addSightOptions, readSight } from '../runtime/sight.ts'
import { addLimitOptions } from './limits/settings.ts'
import { gatewayConfig } from './config.ts'
import { startGateway } from './main.ts'

/** Adds `gateway` to the command line. */
export function registerGatewayCommand(program: Command): void {
  const command = addSightOptions(program.command('gateway'))
    .description('serve a Federation 2 supergraph at /graphql, over HTTP and graphql-ws')
    .addOption(new Option('--supergraph <file|url>', 'the composed supergraph').env('AISLE_SUPERGRAPH').default('schema/supergraph.graphql'))
    .addOption(new Option('--supergraph-poll <ms>', 'pause between looks for a new supergraph, which is then served without a restart; a file is also watched; 0 never looks (default: 10000)').env('AISLE_SUPERGRAPH_POLL'))
    .addOption(new Option('--port <port>', 'port to listen at; 0 takes a free one (default: 4000)').env('AISLE_GATEWAY_PORT'))
    .addOption(new Option('--host <address>', 'address to listen at (default: all)').env('AISLE_GATEWAY_HOST'))
    .addOption(new Option('--manifest <file>', 'persisted operations, in Apollo\'s manifest format').env('AISLE_MANIFEST'))
    .addOption(new Option('--examples <file>', 'tabs that the explorer opens on the first visit: JSON of [{title, query, variables}]').env('AISLE_EXAMPLES'))
    .addOption(new Option('--persisted-only [mode]', 'accept ids of the manifest only; =safelist also its documents themselves; =log serves all and logs what is not in it').env('AISLE_PERSISTED_ONLY'))
    .addOption(switchOption('--no-apq', 'refuse automatic persisted queries: documents that clients register by their hash', 'AISLE_NO_APQ'))
    .addOption(new Option('--allow-origin <origin...>', 'other sites whose pages may use the graph, such as https://shop.example; * for all').env('AISLE_ALLOW_ORIGIN'))
    .addOption(new Option('--subgraph-url <name=url>', 'reach a subgraph here instead of at its URL in the supergraph (repeatable)').env('AISLE_SUBGRAPH_URLS').argParser(addNamed))
    .addOption(new Option('--subgraph-subscriptions <name=how>', 'subscribe to a subgraph this way: graphql-ws (default) or sse at its URL, or a ws(s) or http(s) URL for either elsewhere (repeatable)').env('AISLE_SUBGRAPH_SUBSCRIPTIONS').argParser(addNamed))
    .addOption(new Option('--override-label <label...>', 'labels of progressive overrides, @override(label: …), that take place').env('AISLE_OVERRIDE_LABELS'))
    .addOption(new Option('--propagate-header <name...>', 'request headers that subgraphs receive (default: authorization, unless a context secret is given, x-request-id traceparent tracestate accept-language)').env('AISLE_PROPAGATE_HEADERS'))
    .addOption(new Option('--trace-header <name...>', 'propagated headers that name a request and not its caller: they keep nobody\'s shared work apart (default: x-request-id x-correlation-id traceparent tracestate)').env('AISLE_TRACE_HEADERS'))
    .addOption(switchOption('--no-share-queries', 'execute equal queries each on its own, instead of once while in flight for callers with equal headers', 'AISLE_NO_SHARE_QUERIES'))
    .addOption(switchOption('--no-share-subgraph-requests', 'the same for requests to subgraphs', 'AISLE_NO_SHARE_SUBGRAPH_REQUESTS'))
    .addOption(switchOption('--no-share-subscriptions', 'open a source for each subscription, instead of one for equal ones of callers with equal headers', 'AISLE_NO_SHARE_SUBSCRIPTIONS'))
    .addOption(new Option('--stream-retry <ms>', 'how long a lost source of events is sought again before its subscriptions end with an error (default: 60000)').env('AISLE_STREAM_RETRY'))
    .addOption(new Option('--stream-silence <ms>', 'how long a subgraph\'s connection for events may be silent although it should have answered; 0 waits for ever (default: 20000)').env('AISLE_STREAM_SILENCE'))
    .addOption(new Option('--slow-clients <policy>', 'what becomes of subscribers that do not read: disconnect, or coalesce, which keeps only the newest event of each subscription for them (default: disconnect)').env('AISLE_SLOW_CLIENTS'))
    .addOption(new Option('--client-buffer <bytes>', 'how much may wait for a subscriber that does not read (default: 262144)').env('AISLE_CLIENT_BUFFER'))
    .addOption(new Option('--client-ping <ms>', 'pause between two looks whether a subscriber is still there; 0 never looks (default: 12000)').env('AISLE_CLIENT_PING'))
    .addOption(new Option('--client-operations <count>', 'operations that may run on one WebSocket at a time (default: 1000)').env('AISLE_CLIENT_OPERATIONS'))
    .addOption(new Option('--timeout <ms>', 'longest wait for one answer of a subgraph (default: 10000)').env('AISLE_SUBGRAPH_TIMEOUT'))
    .addOption(new Option('--subgraph-timeout <name=ms>', 'the same for one subgraph (repeatable)').env('AISLE_SUBGRAPH_TIMEOUTS').argParser(addNamed))
    .addOption(new Option('--subgraph-compression <name=encoding>', 'pack larger requests to a subgraph that unpacks them: br, gzip or deflate (repeatable)').env('AISLE_SUBGRAPH_COMPRESSION').argParser(addNamed))
    .addOption(new Option('--retries <count>', 'how often a query is sent again to a subgraph that is unreachable or answers 502, 503 or 504, within the timeout (default: 2)').env('AISLE_SUBGRAPH_RETRIES'))
    .addOption(new Option('--breaker-failures <count>', 'failures in a row after which a subgraph is not asked for a while; 0 never stops asking (default: 20)').env('AISLE_BREAKER_FAILURES'))
    .addOption(new Option('--breaker-pause <ms>', 'how long it is not asked, before one request probes it (default: 2000)').env('AISLE_BREAKER_PAUSE'))
    .addOption(switchOption('--no-compression', 'send answers as they are, also to clients that accept br or gzip', 'AISLE_NO_COMPRESSION'))
    .addOption(new Option('--compression-threshold <bytes>', 'the smallest answer that is compressed (default: 1024)').env('AISLE_COMPRESSION_THRESHOLD'))
    .addOption(new Option('--plan-cache <count>', 'prepared operations, and automatic persisted queries, kept in memory (default: 1000)').env('AISLE_PLAN_CACHE'))
    .addOption(new Option('--plan-cache-bytes <bytes>', 'memory that they may take, estimated (default: 67108864)').env('AISLE_PLAN_CACHE_BYTES'))
    .addOption(new Option('--connections <count>', 'connections kept open to each subgraph (default: 64)').env('AISLE_SUBGRAPH_CONNECTIONS'))
    .addOption(new Option('--body-limit <bytes>', 'the largest request body (default: 1048576)').env('AISLE_BODY_LIMIT'))
    .addOption(new Option('--max-response <bytes>', 'the largest answer of a subgraph, unpacked (default: 67108864)').env('AISLE_MAX_RESPONSE'))
    .addOption(new Option('--warm-up <count>', 'operations that a new supergraph has planned before it is served: those asked for most until then (default: 100)').env('AISLE_WARM_UP'))
    .addOption(new Option('--warm-up-limit <ms>', 'longest time for that, after which it is served anyway (default: 2000)').env('AISLE_WARM_UP_LIMIT'))
    .addOption(new Option('--drain-grace <ms>', 'how long to accept requests after SIGTERM, while /health/ready says 503, so that balancers notice first; at most 6000 less than --drain-limit (default: 0)').env('AISLE_DRAIN_GRACE'))
    .addOption(new Option('--drain-limit <ms>', 'longest time to stop after SIGTERM; then the process ends anyway (default: 10000)').env('AISLE_DRAIN_LIMIT'))
    .addOption(switchOption('--production', 'hide from clients which subgraph failed and how; without an issuer of tokens, everybody is the public', 'AISLE_PRODUCTION'))
    .addOption(new Option('--policies <file>', 'which policies of the graph each role grants besides the one of its own name: JSON of {role: [policy]}').env('AISLE_POLICIES'))
    .addHelpText('after', '\nExamples:\n  aisle gateway --supergraph supergraph.graphql --port 4000\n  aisle gateway --supergraph https://host/supergraph.graphql --subgraph-url products=http://localhost:4001/graphql')
    .action(async (options: object) => {
      const config = decodeConfig(gatewayConfig, { ...options, contextSecret: process.env.AISLE_CONTEXT_SECRET })
      await runRole('gateway', (context) => startGateway(config, context), { drainLimitMs: config.drainLimit, sight: readSight(options) })
    })
  addLimitOptions(addContextOptions(addIdentityOptions(command)))
}

/** Also reads several at once, parted by commas, as an environment variable holds them. */
function addNamed(value: string, previous: Record<string, string> = {}): Record<string, string> {
  const added = value.split(',').map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new InvalidArgumentError('write it as name=value')
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
  })
  return { ...previous, ...Object.fromEntries(added) }
}
