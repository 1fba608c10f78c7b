import { AisleError } from '../../runtime/errors.ts'

/** A point on the map in degrees (WGS 84). */
export interface Position {
  readonly latitude: number
  readonly longitude: number
}

/** Mean radius of the earth (IUGG R1), in kilometres. */
const earthRadiusKm = 6371.0088

/** Great-circle distance in kilometres by the haversine formula (Sinnott, "Virtues of the Haversine", Sky & Telescope 68, 1984). */
export function distanceKm(from: Position, to: Position): number {
  const rise = haversine(radians(to.latitude - from.latitude))
  const run = haversine(radians(to.longitude - from.longitude))
  const h = rise + Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * run
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(h)))
}

function haversine(angle: number): number {
  return Math.sin(angle / 2) ** 2
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}

/** @throws AisleError BAD_USER_INPUT for a point that is not on the map. */
export function requirePosition(position: Position): Position {
  const { latitude, longitude } = position
  if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) return position
  throw new AisleError('BAD_USER_INPUT', `The position ${latitude}, ${longitude} is not on the map: latitude lies between -90 and 90, longitude between -180 and 180.`)
}

/** A store and how far away it is; null where the store's position is not known. */
export interface Near<P> {
  readonly place: P
  readonly km: number | null
}

interface Place {
  readonly id: string
  readonly latitude: number | null
  readonly longitude: number | null
}

/** The places nearest first, those without a position last, ties by id. */
export function byDistance<P extends Place>(places: readonly P[], from: Position): Near<P>[] {
  return places
    .map((place) => ({
      place,
      km: place.latitude === null || place.longitude === null ? null : distanceKm(from, { latitude: place.latitude, longitude: place.longitude }),
    }))
    .toSorted((a, b) => compareNear(a.km, a.place.id, b.km, b.place.id))
}

/** Below zero when (km, id) comes before (otherKm, otherId) in the order of `byDistance`. */
export function compareNear(km: number | null, id: string, otherKm: number | null, otherId: string): number {
  if (km !== otherKm) {
    if (km === null) return 1
    if (otherKm === null) return -1
    return km - otherKm
  }
  return id < otherId ? -1 : id > otherId ? 1 : 0
}
