import { running } from './shared-server.ts'

/** Jest calls it once a run, after the last worker has ended. */
export default async function globalTeardown(): Promise<void> {
  await running.server?.[Symbol.asyncDispose]()
}
