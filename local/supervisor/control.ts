import { rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { AisleError, errorTable, type ErrorCode } from '../../runtime/errors.ts'
import type { Progress } from './progress.ts'

/** What a running supervisor can be told. `up` brings back whatever is missing. */
export const orders = ['up', 'cloud down', 'cloud up'] as const

export type Order = (typeof orders)[number]

const requestSchema = z.object({ order: z.enum(orders) })

/** One JSON text a line: any number of notes, then one answer. */
const replySchema = z.union([
  z.object({ note: z.string() }),
  z.object({ done: z.string() }),
  z.object({ error: z.string(), code: z.string() }),
])

type Reply = z.output<typeof replySchema>

/** Takes orders at a socket that only this user may open. `carryOut` returns what to show at the end. */
export async function listenForOrders(path: string, carryOut: (order: Order, note: (text: string) => void) => Promise<string>): Promise<AsyncDisposable> {
  rmSync(path, { force: true })
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {}) // whoever asked has left; what was ordered goes on
    const reply = (message: Reply): void => {
      if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
    }
    createInterface({ input: socket }).on('error', () => {}).once('line', (line) => {
      void answer(line, carryOut, reply).finally(() => socket.end())
    })
  })
  const mask = process.umask(0o077)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  }).finally(() => process.umask(mask))
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

async function answer(line: string, carryOut: (order: Order, note: (text: string) => void) => Promise<string>, reply: (message: Reply) => void): Promise<void> {
  try {
    const { order } = requestSchema.parse(JSON.parse(line))
    reply({ done: await carryOut(order, (note) => reply({ note })) })
  } catch (error) {
    reply({ error: error instanceof Error ? error.message : String(error), code: AisleError.is(error) ? error.code : 'INTERNAL_SERVER_ERROR' })
  }
}

/**
 * Gives an order to the supervisor behind the socket and waits for what comes of it.
 * @throws AisleError NOT_RUNNING when nobody listens there, or the fault that the supervisor met.
 */
export async function giveOrder(path: string, order: Order, note: (text: string) => void): Promise<string> {
  const socket = connect(path)
  const lines = createInterface({ input: socket })
  let failure: Error | undefined
  socket.once('error', (error) => {
    failure = error
    lines.close()
  })
  try {
    socket.write(`${JSON.stringify({ order })}\n`)
    for await (const line of lines) {
      const reply = replySchema.parse(JSON.parse(line))
      if ('note' in reply) note(reply.note)
      else if ('done' in reply) return reply.done
      else throw new AisleError(isErrorCode(reply.code) ? reply.code : 'INTERNAL_SERVER_ERROR', reply.error)
    }
  } finally {
    socket.destroy()
  }
  throw new AisleError('NOT_RUNNING', failure === undefined ? 'It stopped before it had done what it was told.' : undefined, { cause: failure })
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}

/** Progress for somebody at the other end of the socket: only what is finished travels. */
export function remoteProgress(note: (text: string) => void): Progress {
  return {
    note,
    step(title) {
      const began = performance.now()
      return {
        update() {},
        done: (detail = '') => note(`  ✓ ${title}${detail === '' ? '' : `: ${detail}`} (${((performance.now() - began) / 1000).toFixed(1)} s)`),
        fail() {},
      }
    },
  }
}
