import type { Agent } from 'undici'
import type { Transport } from './http-origin.ts'

/** Longest wait for a connection, and for the next bytes of an answer, in milliseconds. */
export const defaultTimeoutMs = 10_000

export interface NetworkOptions {
  /** Longest wait for a connection, in milliseconds. */
  readonly timeoutMs?: number
  /** Nothing is sent before it resolves. */
  readonly begin?: Promise<void>
}

/** Connections of its own, over the network. What they are made with is loaded for the first of them. */
export function overNetwork({ timeoutMs = defaultTimeoutMs, begin }: NetworkOptions = {}): Transport {
  let agent: Promise<Agent> | null = null
  const open = async (): Promise<Agent> => {
    await begin
    const { Agent } = await import('undici')
    return new Agent({ connect: { timeout: timeoutMs }, connections: 4, pipelining: 1, keepAliveTimeout: 60_000 })
  }
  return {
    async request(request) {
      agent ??= open()
      return (await agent).request(request)
    },
    async destroy() {
      await (await agent)?.destroy()
    },
  }
}
