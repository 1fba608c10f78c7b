import { resolve } from 'node:path'
import { z } from 'zod'
import { port, postgresUrl } from '../../runtime/config.ts'
import { defaultDemoSize, demoSizeSchema } from '../demo-size.ts'

/** The edge node's port is the base plus this. */
const highestOffset = 100

/** npm runs us in the project's folder: a path is meant from where the user typed it. */
const userPath = z.string().min(1).transform((path) => resolve(process.env.INIT_CWD ?? process.cwd(), path))

const portBase = port.refine((base) => base + highestOffset <= 65_535, `must leave room for the ${highestOffset} ports above it`)

/** What `aisle start` is told. */
export const startConfigSchema = z.object({
  /** Folder of a data set; the demo chain without it. */
  data: userPath.optional(),
  demoSize: demoSizeSchema.default(defaultDemoSize),
  /** The store whose node runs; the first by id without it. */
  store: z.string().min(1).optional(),
  portBase: portBase.default(4000),
  port: port.optional(),
  edgePort: port.optional(),
  /** Where everything local is kept. */
  directory: userPath,
  fresh: z.boolean().default(false),
  /** Whether sales go on by themselves; without it, with the demo only. */
  simulate: z.boolean().optional(),
  /** A Postgres of one's own; the embedded one without it. */
  databaseUrl: z.preprocess((url) => (url === '' ? undefined : url), postgresUrl.optional()),
})

export type StartConfig = z.output<typeof startConfigSchema>
