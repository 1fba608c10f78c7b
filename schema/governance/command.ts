import type { Command } from 'commander'
import type { Change } from './compare.ts'
import { currentContract, release, releasedContract, standing } from './released.ts'

/** `aisle schema`. */
export function registerSchemaCommand(program: Command): void {
  const schema = program.command('schema').description('the graph beside its last release')
  schema
    .command('check')
    .description('name what breaks or may surprise clients of the last release')
    .addHelpText('after', `
Exits 1 when a breaking change is not recorded. To record one, add it to schema/released/breaking-changes.json, word for word:
  [{ "change": "Product.colour was removed.", "reason": "unused since March by the usage metrics; web and app teams told" }]`)
    .action(async () => {
      const { unrecorded, recorded, dangerous, stale } = await standing(await releasedContract(), await currentContract())
      list('Breaking, and not recorded', unrecorded)
      list('Breaking, recorded', recorded)
      list('May surprise a client', dangerous)
      list('Recorded, but not there (remove the record)', stale.map((text) => ({ kind: 'STALE', text })))
      if (unrecorded.length + stale.length > 0) process.exitCode = 1
      else process.stdout.write('nothing breaks clients of the last release unrecorded\n')
    })
  schema
    .command('release')
    .description('make the committed graph the last release, and forget the records')
    .action(async () => {
      const { unrecorded } = await standing(await releasedContract(), await currentContract())
      list('Breaking, and not recorded', unrecorded)
      if (unrecorded.length > 0) {
        process.exitCode = 1
        return
      }
      await release()
      process.stdout.write('schema/released written\n')
    })
}

function list(title: string, changes: readonly Change[]): void {
  if (changes.length > 0) process.stdout.write(`${title}:\n${changes.map(({ kind, text }) => `  ${kind.padEnd(32)} ${text}\n`).join('')}`)
}
