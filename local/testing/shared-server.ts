import type { TestServer } from './server.ts'

/** What the set-up of a run leaves for its tear-down. */
export const running: { server: TestServer | null } = { server: null }
