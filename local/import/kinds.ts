/** How the import format names devices, and what they are in the graph; any other name is OTHER, and the report says so. */
const deviceKinds: Readonly<Record<string, string>> = {
  pos: 'POS',
  till: 'POS',
  display: 'DISPLAY',
  kiosk: 'DISPLAY',
  shelf_label: 'SHELF_LABEL',
  freezer: 'FREEZER',
  fridge: 'FREEZER',
  fridge_sensor: 'FREEZER',
  freezer_sensor: 'FREEZER',
  sensor: 'SENSOR',
  shelf_camera: 'SENSOR',
  handheld: 'HANDHELD',
  server: 'SERVER',
  edge_node: 'SERVER',
  other: 'OTHER',
}

/** The DeviceKind for a name of the file, or null where the format knows none. */
export function deviceKind(name: string): string | null {
  return deviceKinds[name.toLowerCase()] ?? null
}

const positive = 1
const negative = -1

/** Kinds of movement with the sign that their quantity must have; 0 stands for either. */
const movementSigns: Readonly<Record<string, number>> = {
  SALE: negative,
  RECEIPT: positive,
  RETURN: positive,
  LOSS: negative,
  TRANSFER: 0,
  ADJUSTMENT: 0,
}

export type MovementKind = { readonly kind: 'COUNT' | 'LOST_SALE' } | { readonly kind: string; readonly sign: number }

/** How a kind of `stock_movements.csv` is read, or null where it is none. */
export function movementKind(name: string): MovementKind | null {
  const kind = name.toUpperCase()
  if (kind === 'COUNT' || kind === 'LOST_SALE') return { kind }
  const sign = movementSigns[kind]
  return sign === undefined ? null : { kind, sign }
}
