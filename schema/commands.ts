import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { composeSupergraph } from './compose.ts'
import { schemaFile } from './files.ts'
import { buildManifest, type Manifest } from './manifest.ts'

const supergraphFile = schemaFile('supergraph.graphql')
const manifestFile = schemaFile('manifest.json')

/** `aisle compose`. */
export function registerComposeCommand(program: Command): void {
  program
    .command('compose')
    .description('compose the subgraphs into schema/supergraph.graphql')
    .option('--check', 'write nothing; exit 1 when the committed file is stale')
    .action(async ({ check }: { check?: true }) => {
      await settle(supergraphFile, await composeSupergraph(), check === true)
    })
}

/** `aisle operations`. */
export function registerOperationsCommand(program: Command): void {
  const operations = program.command('operations').description('the persisted operations of schema/operations')
  operations
    .command('build')
    .description('write schema/manifest.json')
    .option('--check', 'write nothing; exit 1 when the committed file is stale')
    .action(async ({ check }: { check?: true }) => {
      await settle(manifestFile, manifestText(await buildManifest(await readFile(supergraphFile, 'utf8'))), check === true)
    })
  operations
    .command('list')
    .description('print id, type and name of every operation of the manifest')
    .action(async () => {
      const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest
      for (const { id, type, name } of manifest.operations) process.stdout.write(`${id}  ${type.padEnd(12)}  ${name}\n`)
    })
}

/** The text of the committed manifest. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

async function settle(file: URL, text: string, check: boolean): Promise<void> {
  const name = file.pathname.split('/').slice(-2).join('/')
  const current = await readFile(file, 'utf8').catch(() => '')
  if (current === text) {
    process.stdout.write(`${name} is up to date\n`)
  } else if (check) {
    process.stderr.write(`${name} is stale: run \`npm run aisle -- ${name.endsWith('.json') ? 'operations build' : 'compose'}\` and commit it\n`)
    process.exitCode = 1
  } else {
    await writeFile(file, text)
    process.stdout.write(`${name} written\n`)
  }
}
