import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { progressPrinter, type Terminal } from '../../local/import/progress.ts'
import { decodeConfig } from '../../runtime/config.ts'
import { AisleError } from '../../runtime/errors.ts'
import { serveCatalogue } from './catalogue.ts'
import { readJudgedQueries } from './dataset.ts'
import { learnEarlierOrders, measureRecommendations, type LearnedOrders } from './recommendation.ts'
import { recommendationFigures, recommendationTable } from './recommendation-report.ts'
import { searchFigures, searchTable } from './report.ts'
import { measureSearch } from './search.ts'

/** npm runs us in the project's folder: a path is meant from where the user typed it. */
const userPath = z.string().min(1).transform((path) => resolve(process.env.INIT_CWD ?? process.cwd(), path))
const day = z.iso.date('a day, as in 2026-02-01').transform((text) => Date.parse(text))
const configuration = z.object({ folder: userPath, json: userPath.optional(), holdoutFrom: day.optional() })

/** Adds `aisle relevance DIR`. */
export function registerRelevanceCommand(program: Command): void {
  program
    .command('relevance')
    .description('measure how well search answers judged queries and recommendations foretell orders, beside baselines')
    .argument('<dir>', 'a folder in the import format, with queries.csv (query_id, query) and judgements.csv (query_id, product_id, rating), or orders, or both')
    .option('--json <file>', 'also write the figures as {"figures": {"<name>": number}}')
    .option('--holdout-from <day>', 'hold orders out from this day (UTC) on; the beginning of the last month with orders without it')
    .addHelpText('after', `
The folder is loaded into a database of its own (in the Postgres of DATABASE_URL, or an embedded one), every role is started on a free
port, and the queries are asked through the gateway's GraphQL API. queries_typo.csv, with the same ids, is asked too where it is there.
Ratings are 0 to 3 or E, S, C, I; the gain is rating/3 (1, .5, 0, 0), what nobody rated counts 0, and queries that no product answers are
left out. MRR and recall count products of gain .5 and more. Intervals come from 10,000 seeded resamples of the queries.

Orders are split at a moment. Recommendations are trained on what was ordered before, the later orders are taken out of the database, and
the API is asked what goes with a basket of which one product is hidden (basketRecommendations), with one product of a basket
(boughtTogether), and what a customer orders next (customerRecommendations). Beside it: popularity, cosine, EASE over its whole matrix
with orders weighted 1/√length, and the customer's own frequency, an order counting 0.9 of the one after it.

Example:
  npm run relevance -- ../my-data --json figures.json`)
    .action(async (folder: string, flags: Record<string, unknown>) => {
      await runRelevance({ ...flags, folder }, process.stdout, process.stderr)
    })
}

/**
 * Measures, tells progress on `terminal` and prints the tables on `out`.
 * @throws AisleError CONFIG_INVALID, IMPORT_SOURCE_INVALID
 */
export async function runRelevance(flags: unknown, out: Pick<Terminal, 'write'>, terminal: Terminal): Promise<void> {
  const { folder, json, holdoutFrom = null } = decodeConfig(configuration, flags)
  const judged = readJudgedQueries(folder)
  const say = narrator(terminal)
  const progress = progressPrinter(terminal)
  let learned: LearnedOrders | null = null
  await using catalogue = await serveCatalogue(folder, {
    say,
    onProgress: (step) => progress.step(step),
    async prepare(storage) {
      learned = await learnEarlierOrders(storage, holdoutFrom, say)
      if (judged.length > 0 || learned !== null) return
      throw new AisleError('IMPORT_SOURCE_INVALID', `${folder} has nothing to measure by: it needs queries.csv and judgements.csv, or orders before and after a moment.`)
    },
  })
  const search = judged.length === 0 ? null : await measureSearch(catalogue, judged, say)
  const recommendations = learned === null ? null : await measureRecommendations(catalogue.url, learned, say)
  say('')
  const tables = [search === null ? [] : searchTable(search), recommendations === null ? [] : recommendationTable(recommendations)].flat()
  out.write(`${tables.join('\n\n')}\n`)
  const figures = { ...(search === null ? {} : searchFigures(search)), ...(recommendations === null ? {} : recommendationFigures(recommendations)) }
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ figures }, null, 2)}\n`)
}

/** Says what is being done: on a terminal on one line that changes, elsewhere a line each. */
function narrator(terminal: Terminal): (text: string) => void {
  return (text) => {
    if (terminal.isTTY === true) terminal.write(`\r\u001B[K${text}`)
    else if (text !== '') terminal.write(`${text}\n`)
  }
}
