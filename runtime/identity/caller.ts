/** The role names that this project's own rules read; a token may carry others, which mean what the graph's policies make of them. */
export type Role = 'app' | 'staff' | 'device' | 'analyst' | 'admin'

/** Stands for every store among a caller's stores. */
export const everyStore = '*'

/** Who an operation is run for, and what they may do. Made once a token, and the same object while that is valid. */
export interface Caller {
  /** Names who asks; operation ids are theirs. */
  readonly subject: string
  /** False for the public, who bring no token. */
  readonly authenticated: boolean
  /** Sorted, each once. */
  readonly scopes: readonly string[]
  /** Sorted, each once. */
  readonly roles: readonly string[]
  /** The stores that staff are bound to. */
  readonly stores: readonly string[]
  /** The device that a device's token is bound to. */
  readonly device: string | null
  /** When the token ends, in epoch seconds; null without one. */
  readonly expiresAt: number | null
  /** True where no issuer is configured: a development machine, on which everybody may do everything. */
  readonly unrestricted: boolean
  /** Everything that decides what they may do, as text; empty for the public. Who has the same rights gets the same answers. */
  readonly rights: string
  /** The subject and the rights: equal for equal callers and for no others. */
  readonly key: string
}

/** What a caller is made of. */
export type CallerParts = Pick<Caller, 'subject'> & Partial<Pick<Caller, 'scopes' | 'roles' | 'stores' | 'device' | 'expiresAt'>>

/** Who asks, where no one said. */
export const anonymous = 'anonymous'

export function createCaller({ subject, scopes = [], roles = [], stores = [], device = null, expiresAt = null }: CallerParts): Caller {
  const [sortedScopes, sortedRoles, sortedStores] = [sorted(scopes), sorted(roles), sorted(stores)]
  const rights = JSON.stringify([sortedScopes, sortedRoles, sortedStores, device])
  return { subject, authenticated: true, scopes: sortedScopes, roles: sortedRoles, stores: sortedStores, device, expiresAt, unrestricted: false, rights, key: JSON.stringify([subject, rights]) }
}

/** Everybody without a token. */
export const publicCaller: Caller = { ...createCaller({ subject: anonymous }), authenticated: false, rights: '', key: '' }

/** Whoever asks where no issuer is configured, where all have the same rights; `subject` is who they say they are. */
export function developer(subject: string = anonymous): Caller {
  return { ...createCaller({ subject }), unrestricted: true, rights: '', key: `development ${subject}` }
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted()
}
