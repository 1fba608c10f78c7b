import { expect, test } from '@jest/globals'
import { describeWithHelm, render } from './testing/helm.ts'
import { flagValues, workloadsOf, type Workload } from './testing/manifest.ts'

function nodeOf(...parameters: string[]): Workload {
  const workloads = workloadsOf(render('shop', 'aisle-edge', ...parameters))
  expect(workloads.map(({ kind }) => kind)).toEqual(['StatefulSet'])
  const [node] = workloads
  if (node === undefined) throw new Error('no StatefulSet')
  return node
}

describeWithHelm('the chart of a store\'s node', () => {
  test('keeps what the node writes in a claim that outlives the release', () => {
    const statefulSet = render('shop', 'aisle-edge').find(({ kind }) => kind === 'StatefulSet')
    const retention = { whenDeleted: 'Retain', whenScaled: 'Retain' }
    expect(statefulSet?.spec).toMatchObject({ replicas: 1, persistentVolumeClaimRetentionPolicy: retention })
    const { container, spec } = nodeOf()
    const [folder] = flagValues(container.args, '--data')
    expect(container.volumeMounts).toContainEqual({ name: 'data', mountPath: folder })
    expect(spec.volumeClaimTemplates.map(({ metadata }) => metadata.name)).toEqual(['data'])
  })

  test('knows its store and origin from the values', () => {
    const { env } = nodeOf('--values', 'aisle-edge/ci/minimal-values.yaml').container
    expect(env).toContainEqual({ name: 'AISLE_STORE', value: '12' })
    expect(env).toContainEqual({ name: 'AISLE_ORIGIN', value: 'https://origin.example.com' })
  })

  test('or from the ConfigMap of its box, without which it cannot start', () => {
    const { env } = nodeOf().container
    expect(env).toContainEqual({ name: 'AISLE_STORE', valueFrom: { configMapKeyRef: { name: 'aisle-store', key: 'store' } } })
    expect(env).toContainEqual({ name: 'AISLE_ORIGIN', valueFrom: { configMapKeyRef: { name: 'aisle-store', key: 'origin' } } })
  })

  test('asks a gateway for what it does not hold where the values or the box name one', () => {
    const gateway = (...args: string[]) => nodeOf(...args).container.env.find(({ name }: { name: string }) => name === 'AISLE_GATEWAY')
    expect(gateway('--values', 'aisle-edge/ci/full-values.yaml')).toEqual({ name: 'AISLE_GATEWAY', value: 'https://graph.example.com/graphql' })
    expect(gateway()).toEqual({ name: 'AISLE_GATEWAY', valueFrom: { configMapKeyRef: { name: 'aisle-store', key: 'gateway', optional: true } } })
    expect(gateway('--set', 'identity.configMap=,store=s1,origin=http://origin')).toBeUndefined()
  })

  test('answers at a port of the machine only when asked to', () => {
    expect(nodeOf().container.ports).toEqual([{ name: 'http', containerPort: 4100 }])
    expect(nodeOf('--set', 'hostPort=80').container.ports).toEqual([{ name: 'http', containerPort: 4100, hostPort: 80 }])
  })
})
