import type { Progress } from '../supervisor/progress.ts'
import type { RoleSpec } from '../supervisor/role.ts'
import type { StartConfig } from './config.ts'
import type { Ports } from './ports.ts'

/** What a cast is given once the database runs. */
export interface Stage {
  readonly config: StartConfig
  readonly ports: Ports
  /** Postgres; in our own, each data set has a database of its own. */
  readonly serverUrl: string
  readonly embedded: boolean
  readonly logs: string
  readonly progress: Progress
  /** Aborted when the run is told to stop. */
  readonly signal: AbortSignal
}

export interface Scene {
  readonly roles: readonly RoleSpec[]
  /** Which Postgres database the roles work on. */
  readonly databaseUrl: string
  /** What to show once all of them can serve. */
  readonly description: string
}

/** Who plays in a run: how a run starts and ends is the same for any. */
export interface Cast {
  /** Everything between the database and the roles, and which roles there are. */
  prepare(stage: Stage): Promise<Scene>
  /** Work beside the start that must be through before it counts as up. It takes no error out with it. */
  aside(progress: Progress, signal: AbortSignal): Promise<void>
}
