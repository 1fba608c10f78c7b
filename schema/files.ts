import { readFile } from 'node:fs/promises'
import { parse, type DocumentNode } from 'graphql'

/** The subgraphs in the order they are composed, each with the port it answers on by default. */
export const subgraphs = [
  { name: 'search', port: 4001 },
  { name: 'recommendation', port: 4002 },
  { name: 'inventory', port: 4003 },
  { name: 'device', port: 4004 },
] as const

/** A file of this folder, by its name. */
export function schemaFile(name: string): URL {
  return new URL(name, import.meta.url)
}

/** The definitions of one subgraph. */
export async function readSubgraph(name: string): Promise<DocumentNode> {
  return parse(await readFile(schemaFile(`${name}.graphql`), 'utf8'))
}
