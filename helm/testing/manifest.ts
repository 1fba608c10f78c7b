import { z } from 'zod'

const strings = z.record(z.string(), z.string())

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) })

const containerSchema = z.object({
  name: z.string(),
  image: z.string(),
  workingDir: z.string(),
  command: z.array(z.string()),
  args: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() })),
  ports: z.array(z.object({ name: z.string(), containerPort: z.int(), hostPort: z.int().optional() })).default([]),
  securityContext: z.unknown(),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  resources: z.object({ requests: z.unknown().optional(), limits: z.object({ memory: z.string() }).loose() }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
})

const podSchema = z.object({
  serviceAccountName: z.string(),
  automountServiceAccountToken: z.boolean(),
  enableServiceLinks: z.boolean(),
  terminationGracePeriodSeconds: z.int().optional(),
  securityContext: z.unknown(),
  containers: z.tuple([containerSchema]),
  volumes: z.array(z.object({ name: z.string(), emptyDir: z.unknown() })),
})

/** What the charts' tests look at in a Kubernetes object. */
export const manifestSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string(), labels: strings, annotations: strings.default({}) }),
  spec: z.unknown().optional(),
})

export type Manifest = z.output<typeof manifestSchema>
export type Container = z.output<typeof containerSchema>

const workloadSchema = z.object({
  replicas: z.int().optional(),
  selector: z.object({ matchLabels: strings }).optional(),
  template: z.object({ metadata: z.object({ labels: strings }), spec: podSchema }),
  volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
})

/** A Deployment, StatefulSet or Job, read. */
export interface Workload {
  readonly kind: string
  readonly name: string
  readonly spec: z.output<typeof workloadSchema>
  readonly pod: z.output<typeof podSchema>
  readonly container: Container
}

/** Everything that makes pods. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))
    .map(({ kind, metadata, spec }) => {
      const read = workloadSchema.parse(spec)
      const pod = read.template.spec
      return { kind, name: metadata.name, spec: read, pod, container: pod.containers[0] }
    })
}

const serviceSchema = z.object({ type: z.string(), selector: strings, ports: z.array(z.object({ port: z.int(), targetPort: z.string() })) })

/** The Services by name. */
export function servicesOf(manifests: readonly Manifest[]): Map<string, z.output<typeof serviceSchema>> {
  return new Map(manifests.filter(({ kind }) => kind === 'Service').map(({ metadata, spec }) => [metadata.name, serviceSchema.parse(spec)]))
}

/** The values of a flag in a command line, in order. */
export function flagValues(parameters: readonly string[], flag: string): string[] {
  return parameters.flatMap((parameter, at) => (parameters[at - 1] === flag ? [parameter] : []))
}
