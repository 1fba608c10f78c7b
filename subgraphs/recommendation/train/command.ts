import type { Command } from 'commander'
import { z } from 'zod'
import { decodeConfig, postgresUrl } from '../../../runtime/config.ts'
import { openPostgres } from '../../storage/postgres/storage.ts'
import { trainDefaults, trainingIsCurrent, trainRecommendations, type TrainReport } from './train.ts'

const configuration = z.object({
  databaseUrl: postgresUrl,
  lambda: z.coerce.number().positive().default(trainDefaults.lambda),
  maxProducts: z.coerce.number().int().min(0).max(20_000).default(trainDefaults.maxProducts),
  ifStale: z.boolean().default(false),
})

/** Adds `aisle train`. */
export function registerTrainCommand(program: Command): void {
  program
    .command('train')
    .description('learn recommendations from all sales and write those that changed')
    .option('--database-url <url>', 'the Postgres to learn from (default: DATABASE_URL)')
    .option('--lambda <number>', `how much evidence a pair of products needs (default: ${trainDefaults.lambda})`)
    .option('--max-products <number>', `products that go through EASE, those in most baskets (default: ${trainDefaults.maxProducts})`)
    .option('--if-stale', 'do nothing where catalogue and sales are those trained on last')
    .addHelpText('after', `
Meant to run once a day: it learns anew from all sales, half a minute for 400,000 lines of 4,000 products, and writes only the rows that
differ, so that stores receive what changed and nothing else. Sales lose weight by the week, not by the day: a day without sales changes
no row. Products beyond --max-products get the cosine of the baskets they are in, products without sales those of like texts.`)
    .action(async (flags: Record<string, unknown>) => {
      await runTrain({ databaseUrl: process.env.DATABASE_URL, ...flags }, process.stderr)
    })
}

/**
 * Trains and tells the story on `terminal`.
 * @throws AisleError CONFIG_INVALID
 */
export async function runTrain(flags: unknown, terminal: NodeJS.WriteStream): Promise<void> {
  const { databaseUrl, lambda, maxProducts, ifStale } = decodeConfig(configuration, flags)
  await using storage = openPostgres(databaseUrl, { connections: 1 })
  if (ifStale && (await trainingIsCurrent(storage, { lambda, maxProducts }))) {
    terminal.write('Nothing to learn: catalogue and sales are those trained on last.\n')
    return
  }
  const onProgress = (step: string, share: number): void => {
    if (terminal.isTTY) terminal.write(`\r\u001B[K${step}${share > 0 ? ` ${Math.round(share * 100)} %` : ''}`)
  }
  const report = await trainRecommendations(storage, { lambda, maxProducts, onProgress })
  if (terminal.isTTY) terminal.write('\r\u001B[K')
  terminal.write(tell(report))
}

function tell({ products, sales, saleLines, easeProducts, changedRows, seconds }: TrainReport): string {
  const number = (value: number): string => value.toLocaleString('en')
  return `Learned from ${number(saleLines)} lines of ${number(sales)} sales over ${number(products)} products (${number(easeProducts)} by EASE) in ${seconds.toFixed(1)} s; ${number(changedRows)} rows changed.\n`
}
