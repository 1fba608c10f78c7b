import { startTestServer } from './server.ts'
import { running } from './shared-server.ts'

/** Jest calls it once a run, before any worker starts: the workers inherit the URL. */
export default async function globalSetup(): Promise<void> {
  if ((process.env.AISLE_TEST_DATABASE_URL ?? process.env.DATABASE_URL ?? '') !== '') return
  running.server = await startTestServer()
  process.env.AISLE_TEST_DATABASE_URL = running.server.url
}
