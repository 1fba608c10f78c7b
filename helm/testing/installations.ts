import { readdirSync } from 'node:fs'

export const charts = ['aisle', 'aisle-edge'] as const

/** Each chart with its defaults and with each file of its ci folder. */
export const installations = charts.flatMap((chart) => {
  const files = readdirSync(new URL(`../${chart}/ci`, import.meta.url)).map((file) => `${chart}/ci/${file}`)
  return [{ chart, values: 'defaults', parameters: [] }, ...files.map((file) => ({ chart, values: file, parameters: ['--values', file] }))]
})
