import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { AisleError } from '../../runtime/errors.ts'
import { endProcess, signal } from '../processes/identity.ts'
import { startRole, type RoleProcess } from './child.ts'
import type { DatabaseUnit } from './database.ts'
import { setLogsAside } from './log-file.ts'
import { endLeftovers } from './notes.ts'
import type { Progress } from './progress.ts'
import { describeEnding, type RoleSpec, type RunFolders } from './role.ts'

export interface SupervisorOptions {
  readonly folders: RunFolders
  readonly database: DatabaseUnit
  /**
   * Everything between the database and the roles (migrating, loading), and then which roles there are. It runs before the first
   * role starts and not again when the cloud comes back, and is given up when the signal is aborted.
   */
  readonly prepare: (databaseUrl: string, progress: Progress, signal: AbortSignal) => Promise<readonly RoleSpec[]>
  /** Hears of a process that ended though nobody asked it to. */
  readonly onDeath: (text: string) => void
}

/** How long stopping may take in all, and one round of roles of it, in milliseconds: then what is left is killed. */
const stopLimitMs = 9_000
const roleStopMs = 3_000
const databaseStopMs = 2_000

/**
 * Runs a database and roles as processes, brings them up and down, and restarts nothing by itself: trying failures is what a local
 * run is for. Calls that change something run one after the other.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #running = new Map<string, RoleProcess>()
  #specs: readonly RoleSpec[] | null = null
  #last: Promise<unknown> = Promise.resolve()
  readonly #abort = new AbortController()

  constructor(options: SupervisorOptions) {
    this.#options = options
    mkdirSync(options.folders.run, { recursive: true })
    mkdirSync(options.folders.logs, { recursive: true })
  }

  /** Ends what a killed run left. Returns what it found. */
  async recover(): Promise<string[]> {
    const left = await endLeftovers(this.#options.folders.run)
    setLogsAside(this.#options.folders.logs)
    return left
  }

  /** Starts whatever does not run. @throws AisleError ROLE_FAILED, DATABASE_UNAVAILABLE */
  async up(progress: Progress): Promise<void> {
    await this.#inTurn(async () => {
      const url = await this.#startDatabase(progress)
      this.#specs ??= await Promise.race([this.#options.prepare(url, progress, this.#abort.signal), stopped(this.#abort.signal)])
      await this.#startRoles(this.#specs, progress)
    })
  }

  /** Kills, with SIGKILL, every cloud role and the database, as a cut link or a dead cloud would look from a store. */
  async cloudDown(progress: Progress): Promise<void> {
    await this.#inTurn(async () => {
      const cloud = [...this.#running.values()].filter(({ spec }) => spec.place === 'cloud')
      for (const role of cloud) {
        this.#running.delete(role.spec.name)
        signal(role.identity, 'SIGKILL')
      }
      const { database } = this.#options
      const ours = database.embedded && database.running()
      await database.kill()
      await Promise.all(cloud.map(({ ended }) => ended))
      const killed = [...cloud.map(({ spec }) => spec.name), ...(ours ? ['Postgres'] : [])]
      progress.note(killed.length === 0 ? 'The cloud is already down.' : `Killed: ${killed.join(', ')}.`)
    })
  }

  /** Names of the roles that run now. */
  running(): string[] {
    return [...this.#running.keys()]
  }

  /** Stops everything: stores and the gateway first, then what they call, then the database. Starting in progress is given up. */
  async stop(): Promise<void> {
    this.#abort.abort()
    const deadline = performance.now() + stopLimitMs
    const forDatabase = (): number => Math.max(databaseStopMs, deadline - performance.now() - databaseStopMs)
    const roles = [...this.#running.values()]
    this.#running.clear()
    const callers = roles.filter(({ spec }) => spec.place === 'store' || spec.name === 'gateway')
    await endAll(callers)
    await endAll(roles.filter((role) => !callers.includes(role)))
    await this.#options.database.stop(forDatabase())
    // A start in progress may have begun something between our looking and now: it sees that we stop, and gives up.
    await Promise.race([this.#last.catch(() => {}), sleep(Math.max(0, deadline - performance.now()), undefined, { ref: false })])
    await endAll([...this.#running.values()])
    await this.#options.database.stop(forDatabase())
  }

  /** Kills everything at once. */
  async kill(): Promise<void> {
    this.#abort.abort()
    for (const { identity } of this.#running.values()) signal(identity, 'SIGKILL')
    await this.#options.database.kill()
  }

  async #startDatabase(progress: Progress): Promise<string> {
    const { database, onDeath } = this.#options
    const known = database.running()
    const step = progress.step('Postgres')
    try {
      const url = await database.start((lastWords) => {
        if (!this.#abort.signal.aborted) onDeath(`Postgres ended by itself. The end of its log:\n${lastWords}`)
      })
      this.#giveUpIfStopping()
      if (known) step.fail()
      else step.done()
      return url
    } catch (error) {
      step.fail()
      throw error
    }
  }

  async #startRoles(specs: readonly RoleSpec[], progress: Progress): Promise<void> {
    this.#giveUpIfStopping()
    const missing = specs.filter(({ name }) => !this.#running.has(name))
    if (missing.length === 0) return
    const step = progress.step('Roles')
    // What serves nothing (the simulation) only calls the others: it waits for them, and nobody for it.
    const serving = missing.filter(({ url }) => url !== null)
    const waiting = new Map(serving.map(({ name }) => [name, '']))
    const tell = (): void => step.update(`waiting for ${[...waiting].map(([name, reason]) => (reason === '' ? name : `${name} (${reason})`)).join(', ')}`)
    tell()
    try {
      await Promise.all(serving.map(async (spec) => {
        const role = this.#startRole(spec, (reason) => {
          waiting.set(spec.name, reason)
          tell()
        })
        await role.ready
        waiting.delete(spec.name)
        tell()
      }))
      this.#giveUpIfStopping()
      for (const spec of missing.filter(({ url }) => url === null)) this.#startRole(spec, () => {})
      step.done(missing.map(({ name }) => name).join(', '))
    } catch (error) {
      step.fail()
      throw error
    }
  }

  #startRole(spec: RoleSpec, onWait: (reason: string) => void): RoleProcess {
    const role = startRole(spec, this.#options.folders, onWait)
    this.#running.set(spec.name, role)
    void this.#watch(role)
    return role
  }

  async #watch(role: RoleProcess): Promise<void> {
    const { name } = role.spec
    const wasReady = role.ready.then(() => true, () => false)
    const ending = await role.ended
    if (this.#running.get(name) !== role) return
    this.#running.delete(name)
    // One that never became ready is reported by whoever started it.
    if (await wasReady && !this.#abort.signal.aborted) this.#options.onDeath(`${name} ended by itself (${describeEnding(ending)}). The end of its log:\n${role.lastWords()}`)
  }

  #giveUpIfStopping(): void {
    if (this.#abort.signal.aborted) throw new AisleError('SHUTTING_DOWN')
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#last
    const turn = (async () => {
      await before.catch(() => {})
      this.#giveUpIfStopping()
      await work()
    })()
    this.#last = turn
    turn.catch(() => {})
    await turn
  }
}

/** Rejects when it is requested. */
async function stopped(request: AbortSignal): Promise<never> {
  if (!request.aborted) await once(request, 'abort')
  throw new AisleError('SHUTTING_DOWN')
}

async function endAll(roles: readonly RoleProcess[]): Promise<void> {
  await Promise.all(roles.map(async ({ identity, ended }) => {
    await endProcess(identity, ['SIGTERM', roleStopMs])
    await ended
  }))
}
