import type { BaseContext, RequestEnvironment, Resolver } from '../shared/context.ts'
import { watching } from '../shared/reads.ts'
import type { DeviceCommands } from './commands.ts'
import { deviceLoaders, type DeviceLoaders } from './loaders.ts'
import { deviceStore } from './queries.ts'
import type { DeviceStore } from './store.ts'
import { deviceTags } from './tags.ts'

/** What device needs from the process it runs in. */
export interface DeviceServices {
  readonly commands: DeviceCommands
  /** Epoch milliseconds: when a command counts as received. Reads never ask it. */
  now(): number
}

/** Device's part of a request's context. */
export interface DevicePart extends DeviceServices {
  readonly store: DeviceStore
  readonly loaders: DeviceLoaders
}

export interface DeviceContext {
  readonly device: DevicePart
}

export type DeviceResolver<Parent, Args = object> = Resolver<Parent, Args, DeviceContext>
export type DeviceRequest = DeviceContext & BaseContext

const watchDevice = watching(deviceTags)

export function createDevicePart(environment: RequestEnvironment, services: DeviceServices): DevicePart {
  const store = watchDevice(deviceStore(environment.storage), environment.reads)
  return { commands: services.commands, now: () => services.now(), store, loaders: deviceLoaders(store, environment.batches) }
}
