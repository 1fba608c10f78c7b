import { Kind, parse, print, visit } from 'graphql'

/** What says who may use a field. */
const rules: ReadonlySet<string> = new Set(['authenticated', 'requiresScopes', 'policy'])

/**
 * The supergraph as each gateway reads it: with the URLs of running subgraphs, and without the rules of access, since not every gateway
 * takes a supergraph that has some. None of the measured operations meets one.
 */
export function supergraphFor(sdl: string, urls: Readonly<Record<string, string>>): string {
  const isRule = (name: string): boolean => rules.has(name.split('__')[0] ?? '')
  return print(visit(parse(sdl), {
    DirectiveDefinition: ({ name }) => (isRule(name.value) ? null : undefined),
    ScalarTypeDefinition: ({ name }) => (isRule(name.value) ? null : undefined),
    Directive: (node) => {
      if (isRule(node.name.value)) return null
      const given = new Map((node.arguments ?? []).flatMap(({ name, value }) => (value.kind === Kind.STRING ? [[name.value, value.value]] : [])))
      if (node.name.value === 'link' && [...rules].some((rule) => given.get('url')?.includes(`/${rule}/`))) return null
      const url = node.name.value === 'join__graph' ? urls[given.get('name') ?? ''] : undefined
      if (url === undefined) return undefined
      return { ...node, arguments: (node.arguments ?? []).map((argument) => (argument.name.value === 'url' ? { ...argument, value: { kind: Kind.STRING, value: url } } : argument)) }
    },
  }))
}
