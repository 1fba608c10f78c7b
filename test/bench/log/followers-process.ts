import { setTimeout as sleep } from 'node:timers/promises'
import { LightFollower } from './light-follower.ts'
import { LoopWatch } from './loop-watch.ts'
import type { Order, Report } from './messages.ts'

/** Thousands of stores in one process; its parent gives the orders. Those who stay and those who come back are two processes: a crowd must not hold up who measures. */
let followers: LightFollower[] = []
let taken: { readonly writtenAt: number; readonly ms: number }[] = []
const loop = new LoopWatch()

async function obey(order: Order): Promise<Report> {
  const caughtUp: number[] = []
  switch (order.kind) {
    case 'start': {
      const { origin, storeIds, epoch, batch, positions } = order
      const own = (storeId: string) => ({ chain: positions.chain ?? 0, [`store:${storeId}`]: positions[`store:${storeId}`] ?? 0 })
      followers = storeIds.map((storeId) => new LightFollower(origin, storeId, { epoch, batch }, own(storeId), (writtenAt, appliedAt) => taken.push({ writtenAt, ms: appliedAt - writtenAt })))
      for (const follower of followers) follower.connect()
      while (followers.some(({ place }) => place.head === 0)) await sleep(20)
      break
    }
    case 'forget':
      taken = []
      loop.begin()
      break
    case 'figures':
      break
    case 'drop':
      await Promise.all(followers.map((follower) => follower.disconnect()))
      if (order.forget) for (const follower of followers) follower.forget()
      break
    case 'return': {
      taken = []
      loop.begin()
      const began = performance.now()
      for (const follower of followers) follower.connect()
      let left: readonly LightFollower[] = followers
      while (left.length > 0) {
        await sleep(5)
        const behind = left.filter(({ place }) => place.batch < order.batch)
        for (let n = behind.length; n < left.length; n += 1) caughtUp.push(performance.now() - began)
        left = behind
      }
      break
    }
    case 'stop':
      await Promise.all(followers.map((follower) => follower.disconnect()))
      process.disconnect()
  }
  const until = order.kind === 'figures' ? (order.writtenBefore ?? Infinity) : Infinity
  const latencies = taken.filter(({ writtenAt }) => writtenAt < until).map(({ ms }) => ms)
  return { latencies: latencies.toSorted((a, b) => a - b), changes: sum((follower) => follower.changes), refusals: sum((follower) => follower.refusals), caughtUp, loop: loop.report() }
}

function sum(of: (follower: LightFollower) => number): number {
  return followers.reduce((total, follower) => total + of(follower), 0)
}

async function answer(order: Order): Promise<void> {
  const report = await obey(order)
  if (process.connected) process.send?.(report)
}

process.on('message', (order: Order) => void answer(order))
process.on('disconnect', () => process.exit(0))
