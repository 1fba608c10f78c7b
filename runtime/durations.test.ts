import { expect, test } from '@jest/globals'
import { Histogram, Registry } from 'prom-client'
import { Durations } from './durations.ts'

const observed: readonly (readonly [seconds: number, method: string, status: string])[] = [
  [0.5, 'GET', '200'],
  [1, 'GET', '200'],
  [3, 'GET', '200'],
  [0.1, 'GET', '503'],
  [2, 'POST', '200'],
]

test('what was observed reads as from the general histogram', async () => {
  const described = { name: 'work_seconds', help: 'How long it took', labelNames: ['method', 'status'], buckets: [0.5, 1, 2] }
  const [ours, general] = [new Registry(), new Registry()]
  for (const registry of [ours, general]) registry.setDefaultLabels({ role: 'test' })
  const durations = new Durations({ ...described, registers: [ours] })
  const histogram = new Histogram({ ...described, registers: [general] })
  expect(await ours.metrics()).toBe(await general.metrics())
  for (const [seconds, method, status] of observed) {
    durations.took(seconds, method, status)
    histogram.observe({ method, status }, seconds)
  }
  const lines = async (registry: Registry): Promise<string[]> => (await registry.metrics()).split('\n').map((line) => sortLabels(line)).toSorted()
  expect(await lines(ours)).toEqual(await lines(general))
  expect((await ours.getMetricsAsJSON())[0]).toMatchObject({ name: 'work_seconds', type: 'histogram', aggregator: 'sum' })
})

function sortLabels(line: string): string {
  return line.replace(/\{(.*)\}/, (_all, labels: string) => `{${labels.split(',').toSorted().join(',')}}`)
}
