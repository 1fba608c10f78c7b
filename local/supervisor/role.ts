/** One process to run beside the others. The supervisor knows nothing more about what it does. */
export interface RoleSpec {
  /** Unique; names its log and its note in the run folder. */
  readonly name: string
  /** What the project's Node is given: the script, then its arguments. */
  readonly parameters: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Where it answers `/health/ready`; null for a role that nobody calls: it starts when the others serve, and counts as ready. */
  readonly url: string | null
  /** A cloud role ends with its supervisor and goes down with the cloud; a store's node stands in its own right. */
  readonly place: 'cloud' | 'store'
}

/** The folders of one run. */
export interface RunFolders {
  /** Notes about running processes. */
  readonly run: string
  /** One log for each role. */
  readonly logs: string
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** "exit code 1", "SIGKILL". */
export function describeEnding({ code, signal }: Ending): string {
  return signal ?? `exit code ${code}`
}
