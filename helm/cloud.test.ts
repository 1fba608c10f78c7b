import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { z } from 'zod'
import { gatewayConfig } from '../gateway/config.ts'
import { limitSettings } from '../gateway/limits/settings.ts'
import { decodeConfig } from '../runtime/config.ts'
import { describeWithHelm, helm, render } from './testing/helm.ts'
import { flagValues, servicesOf, workloadsOf } from './testing/manifest.ts'

const full = ['--values', 'aisle/ci/full-values.yaml']
const minimal = ['--values', 'aisle/ci/minimal-values.yaml']

describeWithHelm('the cloud\'s chart', () => {
  test('runs every subgraph of the supergraph, the gateway and origin', () => {
    const supergraph = readFileSync(new URL('../schema/supergraph.graphql', import.meta.url), 'utf8')
    const subgraphs = [...supergraph.matchAll(/@join__graph\(name: "([a-z]+)"/g)].map(([, name = '']) => name)
    const deployments = workloadsOf(render('aisle', 'aisle')).filter(({ kind }) => kind === 'Deployment')
    expect(subgraphs).toHaveLength(4)
    const expected = ['gateway', 'origin', ...subgraphs].map((role) => `aisle-${role}`)
    expect(deployments.map(({ name }) => name).toSorted()).toEqual(expected.toSorted())
  })

  const all = [['defaults', []], ['full', full], ['minimal', minimal]] as const
  test.each(all)('the gateway reaches each subgraph at its Service (%s)', (_, parameters) => {
    const manifests = render('shop', 'aisle', ...parameters)
    const services = servicesOf(manifests)
    const workloads = workloadsOf(manifests)
    const gateway = workloads.find(({ container }) => container.args[0] === 'gateway')
    const subgraphs = workloads.filter(({ container }) => container.args[0] === 'subgraph')
    const urls = subgraphs.map(({ name, container }) => `${container.args[1]}=http://${name}:${services.get(name)?.ports[0]?.port}/graphql`)
    expect(urls.length).toBeGreaterThan(0)
    expect(flagValues(gateway?.container.args ?? [], '--subgraph-url').toSorted()).toEqual(urls.toSorted())
  })

  test('gives the database\'s URL, by reference to the Secret, to all but the gateway', () => {
    const workloads = workloadsOf(render('shop', 'aisle', ...full))
    expect(workloads).toHaveLength(7)
    for (const { container } of workloads) {
      const entry = container.env.find(({ name }) => name === 'DATABASE_URL')
      const reference = { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'postgres-credentials', key: 'uri' } } }
      expect(entry).toEqual(container.args[0] === 'gateway' ? undefined : reference)
    }
  })

  test('migrates before it installs or upgrades, with nothing that only the installation brings', () => {
    const manifests = render('shop', 'aisle')
    const job = manifests.find(({ kind }) => kind === 'Job')
    const [migration] = workloadsOf(job === undefined ? [] : [job])
    expect(job?.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' })
    expect(migration?.container.args).toEqual(['migrate'])
    const accounts = manifests.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name)
    expect(accounts).toEqual(['shop-aisle'])
    expect(accounts).not.toContain(migration?.pod.serviceAccountName)
    expect(render('shop', 'aisle', ...minimal).filter(({ kind }) => kind === 'Job')).toEqual([])
  })

  test('keeps search\'s index in a volume of limited size, and no other subgraph has one', () => {
    const withIndex = workloadsOf(render('shop', 'aisle')).filter(({ pod }) => pod.volumes.some(({ name }) => name === 'index'))
    expect(withIndex.map(({ name }) => name)).toEqual(['shop-aisle-search'])
    for (const { pod, container } of withIndex) {
      const [folder] = flagValues(container.args, '--data')
      expect(container.volumeMounts).toContainEqual({ name: 'index', mountPath: folder })
      expect(pod.volumes).toContainEqual({ name: 'index', emptyDir: { sizeLimit: '4Gi' } })
    }
  })

  test('lets only the graph in from outside unless told otherwise', () => {
    const pathsSchema = z.array(z.object({ path: z.string(), pathType: z.string() }))
    const ingressSchema = z.object({ rules: z.tuple([z.object({ host: z.string(), http: z.object({ paths: pathsSchema }) })]) })
    const ingresses = (...parameters: string[]): unknown[] =>
      render('shop', 'aisle', ...parameters)
        .filter(({ kind }) => kind === 'Ingress')
        .map(({ metadata, spec }) => ({ name: metadata.name, ...ingressSchema.parse(spec).rules[0] }))
    expect(ingresses()).toEqual([])
    expect(ingresses('--set', 'gateway.ingress.enabled=true,gateway.ingress.host=graph.example.com')).toEqual([
      { name: 'shop-aisle-gateway', host: 'graph.example.com', http: { paths: [{ path: '/graphql', pathType: 'Exact' }] } },
    ])
    expect(ingresses(...full)).toMatchObject([{ name: 'shop-aisle-gateway' }, { name: 'shop-aisle-origin', host: 'origin.example.com' }])
  })

  test('every flag of the gateway that the values speak of can be turned on and off', () => {
    const flags = (setting: string): string[] => {
      const gateway = workloadsOf(render('shop', 'aisle', '--set', setting)).find(({ container }) => container.args[0] === 'gateway')
      return (gateway?.container.args ?? []).filter((parameter) => ['--production', '--persisted-only'].includes(parameter))
    }
    expect(flags('gateway.production=true,gateway.persistedOnly=true').toSorted()).toEqual(['--persisted-only', '--production'])
    expect(flags('gateway.production=false,gateway.persistedOnly=false')).toEqual([])
  })

  test('every setting of the gateway becomes its flag, and what is on is switched off by false', () => {
    const gateway = workloadsOf(render('shop', 'aisle', ...full)).find(({ container }) => container.args[0] === 'gateway')
    const given = gateway?.container.args ?? []
    expect(given).toEqual(expect.arrayContaining(['--no-apq', '--no-share-queries', '--no-share-subgraph-requests', '--no-share-subscriptions']))
    expect(given.filter((parameter) => /^--(no-)?compression$/.test(parameter))).toEqual([])
    expect(flagValues(given, '--client-buffer')).toEqual(['131072'])
    expect(flagValues(given, '--subgraph-subscriptions').toSorted()).toEqual(['device=wss://device.example.com/ws', 'inventory=sse'])
    expect(given.slice(given.indexOf('--propagate-header') + 1).slice(0, 3)).toEqual(['authorization', 'traceparent', 'x-tenant'])
  })

  test('the limits in the values are those that a gateway has by itself, and each can be set', () => {
    const gatewayOf = (...parameters: string[]) => workloadsOf(render('shop', 'aisle', ...parameters)).find(({ container }) => container.args[0] === 'gateway')?.container
    const defaults: Record<string, unknown> = decodeConfig(gatewayConfig, { supergraph: 'x' })
    const given = gatewayOf()?.args ?? []
    for (const name of Object.keys(limitSettings)) {
      const own = defaults[name]
      const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
      expect([name, flagValues(given, flag)]).toEqual([name, typeof own === 'number' ? [String(own)] : []])
      expect([name, name === 'rateLimitStore' || flagValues(gatewayOf(...full)?.args ?? [], flag).length > 0]).toEqual([name, true])
    }
    const told = gatewayOf(...full)
    expect(flagValues(told?.args ?? [], '--budget').toSorted()).toEqual(['analyst=5000000/3600', 'app=50000/30', 'public=20000'])
    expect(told?.args.slice(told.args.indexOf('--free-form') + 1).slice(0, 2)).toEqual(['analyst', 'admin'])
    expect(told?.env).toContainEqual({ name: 'AISLE_RATE_LIMIT_STORE', valueFrom: { secretKeyRef: { name: 'postgres-limits', key: 'uri' } } })
    expect(gatewayOf()?.env.map(({ name }) => name)).not.toContain('AISLE_RATE_LIMIT_STORE')
  })

  test('a pod is not killed while the gateway may still drain', () => {
    expect(() => render('shop', 'aisle', '--set', 'gateway.settings.drainLimit=30000')).toThrow('terminationGracePeriodSeconds')
    expect(render('shop', 'aisle', '--set', 'gateway.settings.drainLimit=30000,terminationGracePeriodSeconds=36')).not.toEqual([])
  })

  test('lets only the gateway reach the subgraphs', () => {
    const policySchema = z.object({
      podSelector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
      ingress: z.tuple([z.object({ from: z.array(z.unknown()).optional(), ports: z.tuple([z.object({ port: z.int() })]) })]),
    })
    const manifests = render('shop', 'aisle')
    const services = servicesOf(manifests)
    const component = 'app.kubernetes.io/component'
    const gateway = services.get('shop-aisle-gateway')?.selector
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata, spec }) => ({ name: metadata.name, ...policySchema.parse(spec) }))
    expect(policies.map(({ name }) => name).toSorted()).toEqual([...services.keys()].toSorted())
    for (const { name, podSelector, ingress: [{ from, ports: [{ port }] }] } of policies) {
      expect(podSelector.matchLabels).toEqual(services.get(name)?.selector)
      expect(port).toBe(services.get(name)?.ports[0]?.port)
      const open = ['gateway', 'origin'].includes(podSelector.matchLabels[component] ?? '')
      expect(from).toEqual(open ? undefined : [{ podSelector: { matchLabels: gateway } }])
    }
  })

  test('an autoscaler has the say over the number of pods where there is one', () => {
    const workloads = workloadsOf(render('shop', 'aisle', ...full))
    const scaled = render('shop', 'aisle', ...full).filter(({ kind }) => kind === 'HorizontalPodAutoscaler').map(({ metadata }) => metadata.name)
    expect(scaled.toSorted()).toEqual(['shop-aisle-gateway', 'shop-aisle-inventory', 'shop-aisle-origin'])
    for (const { kind, name, spec } of workloads) if (kind === 'Deployment') expect([name, spec.replicas === undefined]).toEqual([name, scaled.includes(name)])
    expect(workloadsOf(render('shop', 'aisle')).filter(({ kind, spec }) => kind === 'Deployment' && spec.replicas === 2)).toHaveLength(6)
  })

  test('gives the replica\'s URL to the subgraphs alone', () => {
    const told = workloadsOf(render('shop', 'aisle', ...full)).filter(({ container }) => container.env.some(({ name }) => name === 'AISLE_READ_DATABASE_URL'))
    expect(told.map(({ container }) => container.args[0])).toEqual(Array.from({ length: 4 }, () => 'subgraph'))
    expect(render('shop', 'aisle').some((manifest) => JSON.stringify(manifest).includes('AISLE_READ'))).toBe(false)
  })

  test('refuses to end pods before they can have drained', () => {
    expect(helm('template', 'shop', 'aisle', '--set', 'preStopSeconds=30').stderr).toContain('must be more than preStopSeconds')
  })
})
