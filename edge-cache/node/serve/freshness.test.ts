import { expect, test } from '@jest/globals'
import type { DataStatus } from '../data.ts'
import { ageText, currentAgeText, currentFreshness } from './freshness.ts'

const status: DataStatus = { state: 'online', position: { epoch: 'first', batch: 7 }, asOf: 1_000, ageSeconds: 3, online: true, pendingOperations: 0, readingsSince: null }

test('the text of what holds now is made anew with whatever it says', () => {
  let now = status
  const current = currentAgeText(() => now)
  const changes: Partial<DataStatus>[] = [{}, { position: { epoch: 'first', batch: 8 } }, { asOf: 2_000 }, { ageSeconds: 4 }, { online: false }, { position: null }, {}]
  for (const change of changes) {
    now = { ...now, ...change }
    expect({ change, text: current() }).toEqual({ change, text: ageText(currentFreshness(now)) })
  }
})
