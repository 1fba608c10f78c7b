import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Facts } from './facts.ts'

interface Example {
  readonly variables?: Readonly<Record<string, unknown>>
}

const source = new URL('../../schema/examples.json', import.meta.url)

/** Writes the explorer's example tabs with a product and a store that these data have; returns the file. */
export async function writeExamples(folder: string, { product, store }: Facts): Promise<string> {
  const own: Readonly<Record<string, string>> = { ...(store === null ? {} : { storeId: store.id }), ...(product === null ? {} : { id: product.id }) }
  const examples = (JSON.parse(await readFile(source, 'utf8')) as Example[]).map((example) => {
    const { variables } = example
    if (variables === undefined) return example
    return { ...example, variables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, own[name] ?? value])) }
  })
  const file = join(folder, 'examples.json')
  await writeFile(file, JSON.stringify(examples))
  return file
}
