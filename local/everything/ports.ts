import { AisleError } from '../../runtime/errors.ts'
import { portHolder } from '../processes/port-holder.ts'
import { freePort, isPortFree } from '../processes/ports.ts'
import type { StartConfig } from './config.ts'

/** Where each role stands above the base. */
const offsets = { gateway: 0, search: 1, recommendation: 2, inventory: 3, device: 4, origin: 10, edge: 100 }

export type ServingRole = keyof typeof offsets

export type Ports = Readonly<Record<ServingRole, number>>

export const subgraphNames = ['search', 'recommendation', 'inventory', 'device'] as const satisfies readonly ServingRole[]

/** Settles every port before anything starts, for each role is told where the others are. */
export async function choosePorts({ portBase, port, edgePort }: Pick<StartConfig, 'portBase' | 'port' | 'edgePort'>): Promise<Ports> {
  const chosen = async (role: ServingRole, asked?: number): Promise<number> => {
    if (asked !== undefined && asked !== 0) return asked
    return portBase === 0 || asked === 0 ? await freePort() : portBase + offsets[role]
  }
  return {
    gateway: await chosen('gateway', port),
    search: await chosen('search'),
    recommendation: await chosen('recommendation'),
    inventory: await chosen('inventory'),
    device: await chosen('device'),
    origin: await chosen('origin'),
    edge: await chosen('edge', edgePort),
  }
}

/** @throws AisleError PORT_IN_USE naming every port that is taken, and by whom. */
export async function checkPorts(ports: Ports): Promise<void> {
  const taken: string[] = []
  for (const [role, port] of Object.entries(ports)) {
    if (await isPortFree(port)) continue
    const holder = portHolder(port)
    taken.push(`Port ${port} (${role}) is taken by ${holder === null ? 'a process that cannot be seen from here' : `process ${holder.pid}: ${holder.command.slice(0, 120)}`}`)
  }
  if (taken.length > 0) throw new AisleError('PORT_IN_USE', `${taken.join('\n')}\nStop what listens there, or move all ports with --port-base.`)
}
