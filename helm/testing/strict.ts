import * as client from '@kubernetes/client-node'
import { z } from 'zod'

const head = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) })

/** The parts of the Prometheus operator's types that the charts use; nothing else may stand in them. */
const operatorTypes: Readonly<Record<string, z.ZodType>> = {
  ServiceMonitor: z.strictObject({
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
    endpoints: z.array(z.strictObject({ port: z.string(), path: z.string(), interval: z.string(), honorLabels: z.boolean() })).min(1),
  }),
  PrometheusRule: z.strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string(),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.record(z.string(), z.string()),
            annotations: z.record(z.string(), z.string()),
          }),
        ),
      }),
    ),
  }),
}

/** What is wrong with an object by Kubernetes' own types: a wrong type, a missing field, or one that Kubernetes does not know. */
export async function problemsOf(object: unknown): Promise<string[]> {
  const { apiVersion, kind, metadata } = head.parse(object)
  const label = `${kind} ${metadata.name}`
  const operator = operatorTypes[kind]
  if (apiVersion === 'monitoring.coreos.com/v1' && operator !== undefined) {
    const { error } = operator.safeParse(head.parse(object).spec)
    return error === undefined ? [] : [`${label}: ${z.prettifyError(error)}`]
  }
  return [...(await wrongOrMissing(apiVersion, kind, object)), ...unknownKeys(object, `V${apiVersion.split('/v').at(-1)?.replace(/^v/, '')}${kind}`, '')].map((problem) => `${label}: ${problem}`)
}

async function wrongOrMissing(apiVersion: string, kind: string, object: unknown): Promise<string[]> {
  const models = (await import(`kubernetes-models/${apiVersion}`)) as Record<string, new (data: unknown) => { validate(): void }>
  const Model = models[kind]
  if (Model === undefined) return [`there is no ${kind} in ${apiVersion}`]
  try {
    new Model(object).validate()
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

interface Attribute {
  readonly baseName: string
  readonly type: string
}

/** Walks along the types of the official client, which name every field that Kubernetes has. */
function unknownKeys(value: unknown, type: string, path: string): string[] {
  const list = /^Array<(.+)>$/.exec(type)?.[1]
  if (list !== undefined) return Array.isArray(value) ? value.flatMap((item, at) => unknownKeys(item, list, `${path}/${at}`)) : []
  const known = (client as unknown as Record<string, { getAttributeTypeMap?: () => Attribute[] } | undefined>)[type]?.getAttributeTypeMap?.()
  if (known === undefined || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const attribute = known.find(({ baseName }) => baseName === key)
    return attribute === undefined ? [`${path}/${key} is unknown to ${type}`] : unknownKeys(inner, attribute.type, `${path}/${key}`)
  })
}
