import type { Subgraph } from '../shared/context.ts'
import { createDevicePart, type DevicePart, type DeviceServices } from './part.ts'
import { deviceResolvers } from './resolvers.ts'

export type { DevicePart, DeviceServices } from './part.ts'

/** In-store hardware: what it is, what it measures, what it shows. */
export const device: Subgraph<DeviceServices, DevicePart> = {
  name: 'device',
  resolvers: deviceResolvers,
  createPart: createDevicePart,
}
