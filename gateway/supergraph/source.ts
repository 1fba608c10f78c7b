import { readFile } from 'node:fs/promises'
import { request } from 'undici'
import { AisleError } from '../../runtime/errors.ts'

/** Longest wait for a supergraph served over HTTP, in milliseconds. */
const fetchTimeoutMs = 10_000

/**
 * Reads the supergraph's SDL from a file or an http(s) URL.
 * @throws AisleError SUPERGRAPH_INVALID when it cannot be read
 */
export async function readSupergraphSdl(location: string): Promise<string> {
  try {
    return /^https?:\/\//.test(location) ? await fetchText(location) : await readFile(location, 'utf8')
  } catch (error) {
    throw new AisleError('SUPERGRAPH_INVALID', `The supergraph at ${location} cannot be read: ${String(error)}`, { cause: error })
  }
}

async function fetchText(url: string): Promise<string> {
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(fetchTimeoutMs) })
  const text = await body.text()
  if (statusCode !== 200) throw new Error(`it answered with status ${statusCode}`)
  return text
}
