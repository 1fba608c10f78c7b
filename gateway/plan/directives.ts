import { type ConstDirectiveNode, Kind, parse } from 'graphql'

/** Reads directives as they are written behind a definition. */
export function parseDirectives(text: string): readonly ConstDirectiveNode[] {
  const [definition] = parse(`scalar S ${text}`, { noLocation: true }).definitions
  return definition?.kind === Kind.SCALAR_TYPE_DEFINITION ? (definition.directives ?? []) : []
}
