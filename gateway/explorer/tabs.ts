import type { GraphiQLProps } from 'graphiql'

/** One entry of `examples.json`. */
export interface Example {
  /** What the operation answers, in a few words; becomes its first line, a comment. */
  readonly title: string
  /** One named operation: GraphiQL labels the tab with its name. */
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

export interface Tab {
  readonly query: string
  readonly variables: string
}

const blank: Tab = {
  query: `# Ctrl-Enter runs the operation, Ctrl-Space completes, Ctrl-M lets Tab leave the editor.
# The panels on the left show every field with its description, and build operations by choosing fields.
{
  __typename
}
`,
  variables: '',
}

/** The examples that the server offers, as tabs; one plain tab when it offers none. */
export async function exampleTabs(url: URL): Promise<[Tab, ...Tab[]]> {
  const [first, ...rest] = (await fetchExamples(url)).map(tabOf)
  return first === undefined ? [blank] : [first, ...rest]
}

async function fetchExamples(url: URL): Promise<Example[]> {
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' } })
    const body: unknown = response.ok ? await response.json() : []
    return Array.isArray(body) ? body.filter(isExample) : []
  } catch {
    // Examples are a courtesy: the explorer is as useful without them.
    return []
  }
}

function isExample(value: unknown): value is Example {
  if (typeof value !== 'object' || value === null) return false
  const { title, query, variables } = value as Partial<Record<keyof Example, unknown>>
  return typeof title === 'string' && typeof query === 'string' && (variables === undefined || (typeof variables === 'object' && variables !== null))
}

function tabOf({ title, query, variables }: Example): Tab {
  const heading = `# ${title.replaceAll(/\s+/g, ' ')}`
  return { query: `${heading}\n${query}`, variables: variables === undefined ? '' : JSON.stringify(variables, null, 2) }
}

/** How GraphiQL opens when the user has no tabs of their own yet. */
export function openingProps(tabs: readonly [Tab, ...Tab[]]): Pick<GraphiQLProps, 'defaultTabs' | 'initialQuery' | 'initialVariables' | 'defaultEditorToolsVisibility'> {
  const [first] = tabs
  return {
    defaultTabs: [...tabs],
    // GraphiQL fills its editors from these, and not from the first of its default tabs.
    initialQuery: first.query,
    initialVariables: first.variables,
    defaultEditorToolsVisibility: tabs.some((tab) => tab.variables !== ''),
  }
}
