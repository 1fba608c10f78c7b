import { rm } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { AisleError } from '../../runtime/errors.ts'
import { stopLeftoverServer } from '../postgres/leftover.ts'
import { claim } from '../supervisor/claim.ts'
import { listenForOrders, remoteProgress, type Order } from '../supervisor/control.ts'
import { embeddedDatabase, externalDatabase, type DatabaseUnit } from '../supervisor/database.ts'
import type { Progress } from '../supervisor/progress.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import type { Cast, Scene } from './cast.ts'
import type { StartConfig } from './config.ts'
import { checkPorts, choosePorts, type Ports } from './ports.ts'

/** Everything on this machine, as one thing that starts and stops. */
export class Everything implements AsyncDisposable {
  readonly #config: StartConfig
  readonly #cast: Cast
  readonly #progress: Progress
  readonly #supervisor: Supervisor
  readonly #database: DatabaseUnit
  readonly #run: string
  readonly #logs: string
  readonly #given = new AsyncDisposableStack()
  readonly #abort = new AbortController()
  #ports: Ports | null = null
  #scene: Scene | null = null

  constructor(config: StartConfig, cast: Cast, progress: Progress) {
    this.#config = config
    this.#cast = cast
    this.#progress = progress
    this.#run = join(config.directory, 'run')
    this.#logs = join(config.directory, 'logs')
    this.#database = config.databaseUrl === undefined ? embeddedDatabase(config.directory, join(this.#logs, 'postgres.log')) : externalDatabase(config.databaseUrl)
    this.#supervisor = new Supervisor({
      folders: { run: this.#run, logs: this.#logs },
      database: this.#database,
      prepare: async (serverUrl, report, signal) => {
        const scene = await cast.prepare({ config, ports: this.ports, serverUrl, embedded: this.#database.embedded, logs: this.#logs, progress: report, signal })
        this.#scene = scene
        return scene.roles
      },
      onDeath: (text) => progress.note(`\n${text}\nThe rest goes on; \`npm run aisle -- cloud up\` starts it again.`),
    })
  }

  /** Starts what there is to start; resolves when all of it can serve, with what to show. Stop it also when this fails. */
  async start(): Promise<string> {
    const own = claim(this.#run)
    if (own === null) throw new AisleError('DIRECTORY_IN_USE', `Another \`npm start\` already runs in ${this.#config.directory}.`)
    this.#given.use(own)
    await this.#recover()
    this.#ports = await choosePorts(this.#config)
    await checkPorts(this.#ports)
    const aside = this.#cast.aside(this.#progress, this.#abort.signal)
    const up = this.#supervisor.up(this.#progress)
    // Orders come after the start they are about; its own failure is reported below.
    up.catch(() => {})
    this.#given.use(await listenForOrders(own.socket, (order, note) => this.#carryOut(order, note)))
    await up
    await aside
    flushCompileCache()
    return this.describe()
  }

  /** The table of URLs. */
  describe(): string {
    return this.scene.description
  }

  get ports(): Ports {
    if (this.#ports === null) throw new AisleError('NOT_RUNNING')
    return this.#ports
  }

  get scene(): Scene {
    if (this.#scene === null) throw new AisleError('NOT_RUNNING')
    return this.#scene
  }

  get supervisor(): Supervisor {
    return this.#supervisor
  }

  /** Stops everything in order, within ten seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#supervisor.stop()
    await this.#given.disposeAsync()
  }

  /** Kills everything at once, for whoever cannot wait. */
  async kill(): Promise<void> {
    this.#abort.abort()
    await this.#supervisor.kill()
    await this.#given.disposeAsync()
  }

  async #recover(): Promise<void> {
    const { directory, fresh } = this.#config
    const postgres = join(directory, 'postgres')
    const left = await this.#supervisor.recover()
    if (await stopLeftoverServer(postgres)) left.push('Postgres')
    if (left.length > 0) this.#progress.note(`Stopped what an earlier run left behind: ${left.join(', ')}.`)
    if (fresh) await Promise.all(['postgres', 'postgres.port', 'roles'].map((name) => rm(join(directory, name), { recursive: true, force: true })))
  }

  async #carryOut(order: Order, note: (text: string) => void): Promise<string> {
    switch (order) {
      case 'up':
      case 'cloud up':
        await this.#supervisor.up(remoteProgress(note))
        return this.describe()
      case 'cloud down':
        await this.#supervisor.cloudDown(remoteProgress(note))
        return `The edge node goes on at http://localhost:${this.ports.edge}/graphql. \`npm run aisle -- cloud up\` brings the cloud back.`
    }
  }
}
