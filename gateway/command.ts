import { type Command, InvalidArgumentError, Option } from 'commander'
import { addContextOptions, addIdentityOptions } from '../runtime/identity/options.ts'
import { decodeConfig } from '../runtime/config.ts'
import { runRole } from '../runtime/role.ts'
import { gatewayConfig } from './config.ts'
import { startGateway } from './main.ts'

/** Adds `gateway` to the command line. */
export function registerGatewayCommand(program: Command): void {
  const command = program
    .command('gateway')
    .description('serve a Federation 2 supergraph at /graphql, over HTTP and graphql-ws')
    .addOption(new Option('--supergraph <file|url>', 'the composed supergraph').env('AISLE_SUPERGRAPH').default('schema/supergraph.graphql'))
    .addOption(new Option('--supergraph-poll <ms>', 'pause between looks for a new supergraph, which is then served without a restart; a file is also watched; 0 never looks (default: 10000)').env('AISLE_SUPERGRAPH_POLL'))
    .addOption(new Option('--port <port>', 'port to listen at; 0 takes a free one (default: 4000)').env('AISLE_GATEWAY_PORT'))
    .addOption(new Option('--host <address>', 'address to listen at (default: all)').env('AISLE_GATEWAY_HOST'))
    .addOption(new Option('--manifest <file>', 'persisted operations, in Apollo\'s manifest format').env('AISLE_MANIFEST'))
    .addOption(new Option('--examples <file>', 'tabs that the explorer opens on the first visit: JSON of [{title, query, variables}]').env('AISLE_EXAMPLES'))
    .addOption(new Option('--persisted-only [mode]', 'refuse documents that are not in the manifest; =log serves and logs them, to see what would be refused').env('AISLE_PERSISTED_ONLY'))
    .addOption(new Option('--no-apq', 'refuse automatic persisted queries: documents that clients register by their hash').env('AISLE_NO_APQ'))
    .addOption(new Option('--allow-origin <origin...>', 'other sites whose pages may use the graph, such as https://shop.example; * for all').env('AISLE_ALLOW_ORIGIN'))
    .addOption(new Option('--subgraph-url <name=url>', 'reach a subgraph here instead of at its URL in the supergraph (repeatable)').env('AISLE_SUBGRAPH_URLS').argParser(addSubgraphUrl))
    .addOption(new Option('--propagate-header <name...>', 'request headers that subgraphs receive').env('AISLE_PROPAGATE_HEADERS'))
    .addOption(new Option('--no-share-queries', 'execute equal queries each on its own, instead of once while in flight for callers with equal headers').env('AISLE_NO_SHARE_QUERIES'))
    .addOption(new Option('--no-share-subgraph-requests', 'the same for requests to subgraphs').env('AISLE_NO_SHARE_SUBGRAPH_REQUESTS'))
    .addOption(new Option('--timeout <ms>', 'longest wait for one answer of a subgraph (default: 10000)').env('AISLE_SUBGRAPH_TIMEOUT'))
    .addOption(new Option('--retries <count>', 'how often a query is sent again to a subgraph that is unreachable or answers 502, 503 or 504, within the timeout (default: 2)').env('AISLE_SUBGRAPH_RETRIES'))
    .addOption(new Option('--breaker-failures <count>', 'failures in a row after which a subgraph is not asked for a while; 0 never stops asking (default: 20)').env('AISLE_BREAKER_FAILURES'))
    .addOption(new Option('--breaker-pause <ms>', 'how long it is not asked, before one request probes it (default: 2000)').env('AISLE_BREAKER_PAUSE'))
    .addOption(new Option('--no-compression', 'send answers as they are, also to clients that accept br or gzip').env('AISLE_NO_COMPRESSION'))
    .addOption(new Option('--compression-threshold <bytes>', 'the smallest answer that is compressed (default: 1024)').env('AISLE_COMPRESSION_THRESHOLD'))
    .addOption(new Option('--plan-cache <count>', 'prepared operations, and automatic persisted queries, kept in memory (default: 1000)').env('AISLE_PLAN_CACHE'))
    .addOption(new Option('--connections <count>', 'connections kept open to each subgraph (default: 64)').env('AISLE_SUBGRAPH_CONNECTIONS'))
    .addOption(new Option('--body-limit <bytes>', 'the largest request body (default: 1048576)').env('AISLE_BODY_LIMIT'))
    .addOption(new Option('--max-response <bytes>', 'the largest answer of a subgraph, unpacked (default: 67108864)').env('AISLE_MAX_RESPONSE'))
    .addOption(new Option('--drain-grace <ms>', 'how long to accept requests after SIGTERM, while /health/ready says 503, so that balancers notice first; at most 4000 (default: 0)').env('AISLE_DRAIN_GRACE'))
    .addOption(new Option('--production', 'hide from clients which subgraph failed and how; without an issuer of tokens, everybody is the public').env('AISLE_PRODUCTION'))
    .addOption(new Option('--policies <file>', 'which policies of the graph each role grants besides the one of its own name: JSON of {role: [policy]}').env('AISLE_POLICIES'))
    .addHelpText('after', '\nExamples:\n  aisle gateway --supergraph supergraph.graphql --port 4000\n  aisle gateway --supergraph https://host/supergraph.graphql --subgraph-url products=http://localhost:4001/graphql')
    .action(async (options: object) => {
      const config = decodeConfig(gatewayConfig, { ...options, contextSecret: process.env.AISLE_CONTEXT_SECRET })
      await runRole('gateway', (context) => startGateway(config, context))
    })
  addContextOptions(addIdentityOptions(command))
}

/** Also reads several at once, parted by commas, as an environment variable holds them. */
function addSubgraphUrl(value: string, previous: Record<string, string> = {}): Record<string, string> {
  const added = value.split(',').map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new InvalidArgumentError('write it as name=url')
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
  })
  return { ...previous, ...Object.fromEntries(added) }
}
