import { readFile } from 'node:fs/promises'
import { errorTable, type ErrorEntry } from './errors.ts'

const source = new URL('errors.ts', import.meta.url)

/** Where the guide stands. */
export const errorsGuideFile: URL = new URL('ERRORS.md', import.meta.url)

/** The operator's guide to errors: every code of the table under the heading that the table gives it. */
export async function errorsGuide(): Promise<string> {
  const sections = new Map<string, string[]>()
  let heading = 'Others'
  for (const line of (await readFile(source, 'utf8')).split('\n')) {
    const named = /^ {2}\/\/ (.+)$/.exec(line)?.[1]
    if (named !== undefined) heading = named
    const code = /^ {2}([A-Z][A-Z0-9_]+): \{/.exec(line)?.[1]
    if (code === undefined || !Object.hasOwn(errorTable, code)) continue
    const rows = sections.get(heading) ?? []
    rows.push(row(code, errorTable[code as keyof typeof errorTable]))
    sections.set(heading, rows)
  }
  const tables = [...sections].map(([name, rows]) => `## ${name}\n\n| code | status | what the client reads | what to do |\n|---|---|---|---|\n${rows.join('\n')}\n`)
  return `# Errors

Every fault that Aisle reports has one of these codes, in \`extensions.code\` of the GraphQL error or in \`error.code\` of the
replication protocol; the status is that of the answer when the whole request failed. Whoever looks into one starts from the
request id: it is in the answer's \`x-request-id\`, and in every log line of every process that had to do with the request.

Written by \`npm run aisle -- errors\` from \`runtime/errors.ts\`; a test holds it fresh.

${tables.join('\n')}`
}

function row(code: string, { status, text, action }: ErrorEntry): string {
  return `| \`${code}\` | ${status} | ${cell(text)} | ${cell(action)} |`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
