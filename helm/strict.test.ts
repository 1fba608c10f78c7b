import { expect, test } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { describeWithHelm, helm } from './testing/helm.ts'
import { installations } from './testing/installations.ts'
import { problemsOf } from './testing/strict.ts'

function objectsOf(chart: string, parameters: readonly string[]): unknown[] {
  const { stdout, stderr, status } = helm('template', 'shop', chart, ...parameters)
  if (status !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout, { strict: true, uniqueKeys: true }).flatMap((document) => {
    expect(document.errors).toEqual([])
    const object: unknown = document.toJS()
    return object === null ? [] : [object]
  })
}

describeWithHelm('by Kubernetes\' own types', () => {
  test.each(installations)('every object of $chart with $values is right', async ({ chart, parameters }) => {
    const objects = objectsOf(chart, parameters)
    expect(objects.length).toBeGreaterThan(2)
    expect((await Promise.all(objects.map(problemsOf))).flat()).toEqual([])
  })
})

test('a wrong type, a missing field and an unknown one are found', async () => {
  const spec = { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } }
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } }
  expect(await problemsOf({ ...deployment, spec })).toEqual([])
  expect(await problemsOf({ ...deployment, spec: { ...spec, replicas: 'two' } })).toEqual([expect.stringContaining('replicas must be integer')])
  expect(await problemsOf({ ...deployment, spec: { template: spec.template } })).toEqual([expect.stringContaining('selector')])
  const typo = { ...spec, template: { ...spec.template, spec: { containers: [{ name: 'c', image: 'i', prots: [] }] } } }
  expect(await problemsOf({ ...deployment, spec: typo })).toEqual(['Deployment x: /spec/template/spec/containers/0/prots is unknown to V1Container'])
  expect(await problemsOf({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'x' }, spec: { maxUnavailble: 1 } })).toEqual(['PodDisruptionBudget x: /spec/maxUnavailble is unknown to V1PodDisruptionBudgetSpec'])
})
