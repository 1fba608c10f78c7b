import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { next, nodeEvents, nodeStates, transitions, type NodeState } from './state.ts'

const states = Object.keys(nodeStates) as NodeState[]

/** The table as `SPEC.md` has it: a row for each event, a column for each state. */
function table(): string {
  const rows = [['', ...states], ['---', ...states.map(() => '---')], ...nodeEvents.map((event) => [`**${event}**`, ...states.map((state) => (next(state, event) === state ? '·' : next(state, event)))])]
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n')
}

test('the document shows the table that the code has', async () => {
  const document = await readFile(new URL('../SPEC.md', import.meta.url), 'utf8')
  expect(document).toContain(`\n${table()}\n`)
})

test('every test that the document names is there', async () => {
  const document = await readFile(new URL('../SPEC.md', import.meta.url), 'utf8')
  const named = [...new Set([...document.matchAll(/`([\w/-]+\.test\.ts)`/g)].map(([, path = '']) => path))]
  expect(named.length).toBeGreaterThan(20)
  for (const path of named) {
    const base = /^(node|origin)\//.test(path) ? '../' : '../../'
    expect({ path, exists: existsSync(new URL(base + path, import.meta.url)) }).toEqual({ path, exists: true })
  }
})

test('only a first copy makes a node serve, and nothing that happens makes it stop', () => {
  for (const state of states) {
    for (const event of nodeEvents) {
      const served = nodeStates[state].serves
      expect({ state, event, serves: nodeStates[next(state, event)].serves }).toEqual({ state, event, serves: served || event === 'copied' })
    }
  }
})

test('a node that is repaired ends online, from whatever history', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...nodeEvents)), (history) => {
      const state = [...history, 'copied', 'vouched', 'heard', 'head'] as const
      expect(state.reduce<NodeState>(next, 'bootstrapping')).toBe('online')
    }),
  )
})

test('what was said once says nothing new when it is said again', () => {
  for (const state of states) for (const event of nodeEvents) expect(next(next(state, event), event)).toBe(next(state, event))
  expect(Object.keys(transitions)).toEqual(states)
})
