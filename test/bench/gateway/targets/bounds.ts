import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProxyScript } from '../bounds/proxy.ts'
import type { TargetDefinition } from './target.ts'

/** @param answers texts by request body */
export async function staticReply(folder: string, answers: Readonly<Record<string, string>>): Promise<TargetDefinition> {
  const file = join(folder, 'answers.json')
  await writeFile(file, JSON.stringify(answers))
  return bound('static reply', 'static.ts', { ANSWERS: file })
}

/** @param scripts by request body */
export async function bareProxy(folder: string, scripts: Readonly<Record<string, ProxyScript>>): Promise<TargetDefinition> {
  const file = join(folder, 'scripts.json')
  await writeFile(file, JSON.stringify(scripts))
  return bound('bare proxy', 'proxy.ts', { SCRIPTS: file })
}

function bound(name: string, program: string, env: Readonly<Record<string, string>>): TargetDefinition {
  return { name, args: () => [fileURLToPath(new URL(`../bounds/${program}`, import.meta.url))], env: (port) => ({ ...env, PORT: String(port) }) }
}
