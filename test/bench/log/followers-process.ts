import { setTimeout as sleep } from 'node:timers/promises'
import { LightFollower } from './light-follower.ts'
import type { Order, Report } from './messages.ts'

/** Thousands of stores in one process; its parent gives the orders. */
let followers: LightFollower[] = []
let gone: readonly LightFollower[] = []
let latencies: number[] = []
/** While the others return, only those who stayed are measured. */
let measured = Infinity

async function obey(order: Order): Promise<Report> {
  const caughtUp: number[] = []
  switch (order.kind) {
    case 'start': {
      const { origin, storeIds, epoch, batch, positions } = order
      const own = (storeId: string) => ({ chain: positions.chain ?? 0, [`store:${storeId}`]: positions[`store:${storeId}`] ?? 0 })
      followers = storeIds.map((storeId, nth) => new LightFollower(origin, storeId, { epoch, batch }, own(storeId), (writtenAt, appliedAt) => {
        if (nth < measured) latencies.push(appliedAt - writtenAt)
      }))
      for (const follower of followers) follower.connect()
      while (followers.some(({ place }) => place.head === 0)) await sleep(20)
      break
    }
    case 'forget':
      latencies = []
      break
    case 'figures':
      break
    case 'drop':
      gone = followers.slice(order.keep)
      measured = order.keep
      await Promise.all(gone.map((follower) => follower.disconnect()))
      break
    case 'return': {
      latencies = []
      const began = performance.now()
      for (const follower of gone) follower.connect()
      let left = gone
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
  return { latencies: latencies.toSorted((a, b) => a - b), changes: sum((follower) => follower.changes), refusals: sum((follower) => follower.refusals), caughtUp }
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
