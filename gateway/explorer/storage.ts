import type { GraphiQLProps } from 'graphiql'

const prefix = 'aisle:'

/**
 * The browser's storage, under our own prefix: many projects serve GraphiQL at the same localhost port, and
 * each would otherwise open with the tabs and headers of another.
 */
export const storage = {
  getItem: (key: string) => localStorage.getItem(prefix + key),
  setItem: (key: string, value: string) => localStorage.setItem(prefix + key, value),
  removeItem: (key: string) => localStorage.removeItem(prefix + key),
  clear: () => {
    for (const key of ownKeys()) localStorage.removeItem(key)
  },
  get length() {
    return ownKeys().length
  },
} satisfies GraphiQLProps['storage']

/** True until GraphiQL has kept tabs of this user here. */
export function isFirstVisit(): boolean {
  return storage.getItem('graphiql:tabState') === null
}

function ownKeys(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(prefix))
}
