import { z } from 'zod'
import { identitySettings } from '../../runtime/identity/identity.ts'
import { httpUrl, origins, port } from '../../runtime/config.ts'
import { patienceSettings } from '../../runtime/http/patience.ts'

/** Below the node's folder: its code as it was compiled at an earlier start. It can be deleted at any time. */
export const compiledFolder = 'compiled'

/** What a store's node is told when it starts. */
export const edgeConfigSchema = z.object({
  ...identitySettings,
  ...patienceSettings,
  /** Which policies of the graph each role grants, besides the one of its own name: a JSON file of {role: [policy]}. */
  policies: z.string().optional(),
  /** How long after its end a token still counts while the link to origin is down, in seconds. */
  tokenGrace: z.coerce.number().int().min(0).max(7 * 86_400).optional(),
  /** A code that enrols this node, from `aisle origin enrol`; of no use once it has. */
  enrol: z.string().min(1).optional(),
  port: port.default(4100),
  host: z.string().optional(),
  /** Where changes come from and writes go to. */
  origin: httpUrl,
  /** Answers what this node does not hold, while there is a link; without it such fields are refused. */
  gateway: httpUrl.optional(),
  /** Longest wait for the gateway, in milliseconds. */
  gatewayDeadline: z.coerce.number().int().positive().optional(),
  /** The store whose copy this node keeps. */
  store: z.string().min(1, 'names the store whose copy this node keeps'),
  /** Folder of replica.db and outbox.db. */
  data: z.string().min(1),
  /** The persisted operations that are answered, in Apollo's format. */
  manifest: z.string().min(1),
  /** Origins of other sites whose pages may ask this node; `*` for all. */
  allowOrigin: origins,
  /** Largest request body in bytes. */
  bodyLimit: z.coerce.number().int().positive().default(256 * 1024),
  /** Most memory in bytes that ready answers take. */
  cacheBytes: z.coerce.number().int().nonnegative().default(24 * 1024 * 1024),
})

export type EdgeConfig = z.output<typeof edgeConfigSchema>
