import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { describeWithHelm, helm, render } from './testing/helm.ts'
import { charts, installations } from './testing/installations.ts'
import { flagValues, servicesOf, workloadsOf } from './testing/manifest.ts'

test.each(charts)('%s is versioned with the project and has minimal and full values to try', (chart) => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))
  const description = readFileSync(new URL(`${chart}/Chart.yaml`, import.meta.url), 'utf8')
  expect(description).toContain(`\nappVersion: ${version}\n`)
  expect(readdirSync(new URL(`${chart}/ci`, import.meta.url))).toEqual(expect.arrayContaining(['minimal-values.yaml', 'full-values.yaml']))
})

describeWithHelm('charts', () => {
  describe.each(installations)('$chart with $values', ({ chart, parameters }) => {
    test('passes the strict lint', () => {
      const { status, stdout, stderr } = helm('lint', '--strict', chart, ...parameters)
      expect(`${stdout}${stderr}`).not.toMatch(/\[(WARNING|ERROR)\]/)
      expect(status).toBe(0)
    })

    test('runs nothing as root, writes nowhere but in volumes, and is given no token and no variables of Services', () => {
      const workloads = workloadsOf(render('shop', chart, ...parameters))
      expect(workloads.length).toBeGreaterThan(0)
      for (const { pod, container, spec } of workloads) {
        expect(pod).toMatchObject({
          automountServiceAccountToken: false,
          enableServiceLinks: false, // else AISLE_GATEWAY_PORT is tcp://… where a Service is called aisle-gateway
          securityContext: { runAsNonRoot: true, runAsUser: expect.any(Number), seccompProfile: { type: 'RuntimeDefault' } },
        })
        const powers = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
        expect(container.securityContext).toEqual(powers)
        const volumes = [...pod.volumes, ...spec.volumeClaimTemplates.map(({ metadata }) => metadata)].map(({ name }) => name)
        expect(container.volumeMounts.map(({ name }) => name).toSorted()).toEqual(volumes.toSorted())
        expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toContain('/tmp')
      }
    })

    test('watches what serves by its health, and lets it drain', () => {
      const serving = workloadsOf(render('shop', chart, ...parameters)).filter(({ kind }) => kind !== 'Job')
      expect(serving.length).toBeGreaterThan(0)
      for (const { pod, container } of serving) {
        expect(container.startupProbe?.httpGet).toEqual({ path: '/health/live', port: 'http' })
        expect(container.livenessProbe?.httpGet).toEqual({ path: '/health/live', port: 'http' })
        expect(container.readinessProbe?.httpGet).toEqual({ path: '/health/ready', port: 'http' })
        expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(10)
      }
    })

    test('gives each Service the pods of one workload, at the port they listen on', () => {
      const manifests = render('shop', chart, ...parameters)
      const serving = workloadsOf(manifests).filter(({ kind }) => kind !== 'Job')
      const services = servicesOf(manifests)
      expect([...services.keys()].toSorted()).toEqual(serving.map(({ name }) => name).toSorted())
      for (const { name, spec, container } of serving) {
        const service = services.get(name)
        expect(spec.template.metadata.labels).toMatchObject(spec.selector?.matchLabels ?? { none: 'no selector' })
        expect(service?.selector).toEqual(spec.selector?.matchLabels)
        const [port] = container.ports
        expect(service?.ports).toEqual([{ port: port?.containerPort, targetPort: port?.name }])
        expect(flagValues(container.args, '--port')).toEqual([String(port?.containerPort)])
      }
    })

    test('renders the same under a release name that YAML would read as a number', () => {
      const kinds = (release: string): string[] => render(release, chart, ...parameters).map(({ kind }) => kind)
      expect(kinds('12')).toEqual(kinds('shop'))
    })
  })

  test.each([
    ['aisle', 'gateway.port=0', '/gateway/port'],
    ['aisle', 'gateway.replica=3', 'replica'],
    ['aisle', 'gateway.ingress.enabled=true', '/gateway/ingress/host'],
    ['aisle', 'gateway.resources.limits.memory=lots', '/gateway/resources/limits/memory'],
    ['aisle', 'gateway.limits.maxDepth=-1', '/gateway/limits/maxDepth'],
    ['aisle', 'gateway.limits.maxDeep=9', 'maxDeep'],
    ['aisle', 'gateway.limits.maxHeap=101', '/gateway/limits/maxHeap'],
    ['aisle', 'gateway.limits.budgets.app=lots', '/gateway/limits/budgets/app'],
    ['aisle', 'origin.settings.retention=ever', '/origin/settings/retention'],
    ['aisle', 'subgraphs.device.settings.tick=1', 'tick'],
    ['aisle', 'subgraphs.serach.replicas=1', 'serach'],
    ['aisle', 'subgraphs.device.port=http', '/subgraphs/device/port'],
    ['aisle', 'database.existingSecret=', '/database/existingSecret'],
    ['aisle', 'image.pullPolicy=Sometimes', '/image/pullPolicy'],
    ['aisle', 'terminationGracePeriodSeconds=5', '/terminationGracePeriodSeconds'],
    ['aisle', 'user.id=0', '/user/id'],
    ['aisle-edge', 'user.id=0', '/user/id'],
    ['aisle-edge', 'identity.configMap=', '/store'],
    ['aisle-edge', 'store=12', '/store'],
    ['aisle-edge', 'origin=ftp://origin.example.com', '/origin'],
    ['aisle-edge', 'hostPort=70000', '/hostPort'],
    ['aisle-edge', 'settings.cacheBytes=64Mi', '/settings/cacheBytes'],
    ['aisle-edge', 'image.pullPolicy=Always', '/image/pullPolicy'],
    ['aisle-edge', 'persistence.accessMode=ReadWriteMany', '/persistence/accessMode'],
  ])('%s refuses %s', (chart, setting, named) => {
    const { status, stderr } = helm('template', 'shop', chart, '--set', setting)
    expect(stderr).toContain('values don\'t meet the specifications of the schema')
    expect(stderr).toContain(named)
    expect(status).not.toBe(0)
  })

  test('numbers stay whole however large they are', () => {
    const workloads = workloadsOf(render('shop', 'aisle', '--set', 'user.id=1000650000,gateway.subgraphTimeoutMs=1000000'))
    const gateway = workloads.find(({ name }) => name === 'shop-aisle-gateway')
    expect(gateway?.pod.securityContext).toMatchObject({ runAsUser: 1_000_650_000 })
    expect(flagValues(gateway?.container.args ?? [], '--timeout')).toEqual(['1000000'])
  })
})
