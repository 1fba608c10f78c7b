import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'

/** `aisle errors`. */
export function registerErrorsCommand(program: Command): void {
  program
    .command('errors')
    .description('write runtime/ERRORS.md, the guide to errors, from the table of errors')
    .action(async () => {
      const { errorsGuide, errorsGuideFile } = await import('./errors-guide.ts')
      await writeFile(errorsGuideFile, await errorsGuide())
    })
}
