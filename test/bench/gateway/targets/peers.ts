import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TargetDefinition } from './target.ts'

/** The folder with a package.json of its own for them. */
export const peersFolder = fileURLToPath(new URL('../peers', import.meta.url))

export function apollo(supergraph: string): TargetDefinition {
  return { name: 'Apollo Gateway', args: () => [join(peersFolder, 'apollo.mjs')], env: (port) => ({ PORT: String(port), SUPERGRAPH: supergraph }) }
}

/** @param share also with its sharing of equal work, which is off otherwise */
export function hive(supergraph: string, share: boolean): TargetDefinition {
  const program = join(peersFolder, 'node_modules/@graphql-hive/gateway/dist/bin.js')
  return {
    name: share ? 'Hive Gateway (Rust planner), sharing' : 'Hive Gateway (Rust planner)',
    args: (port) => [program, 'supergraph', supergraph, '-c', join(peersFolder, 'hive.config.mjs'), '-h', '127.0.0.1', '-p', String(port)],
    env: () => ({ SHARE: share ? '1' : '0', FORK: '1' }),
  }
}

export function mercurius(urls: Readonly<Record<string, string>>): TargetDefinition {
  const subgraphs = Object.entries(urls).map(([name, url]) => `${name}=${url}`)
  return { name: 'mercurius gateway', args: () => [join(peersFolder, 'mercurius.mjs')], env: (port) => ({ PORT: String(port), SUBGRAPHS: subgraphs.join(',') }) }
}
