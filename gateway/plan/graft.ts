import { parse, visit } from 'graphql'
import type { FlattenNodePathSegment, PlanNode } from './planner.ts'

/**
 * Puts a plan that starts with one root field of `graph` behind a place of another plan's data, where what `graph` would give of
 * that field stands already. Null when nothing else is to be fetched.
 * @throws TypeError when the plan asks `graph` for anything else
 */
export function graft(plan: PlanNode, graph: string, field: string, path: readonly FlattenNodePathSegment[]): PlanNode | null {
  const moved = (from: readonly FlattenNodePathSegment[]): FlattenNodePathSegment[] => {
    const [start, ...rest] = from
    if (start === undefined || start === '@' || !('Field' in start) || start.Field !== field) throw new TypeError(`a path does not start at ${field}`)
    return [...path, ...rest]
  }
  /** What stands there already stands there by its own name. */
  const known = (operation: string, paths: readonly (readonly FlattenNodePathSegment[])[]): null => {
    if (paths.some((each) => moved(each).length > path.length) || hasAlias(operation)) throw new TypeError(`entities are asked of ${graph}`)
    return null
  }
  const all = (nodes: readonly PlanNode[]): PlanNode[] => nodes.map((node) => at(node)).filter((node) => node !== null)
  const at = (node: PlanNode): PlanNode | null => {
    switch (node.kind) {
      case 'Fetch':
        if (node.serviceName !== graph) throw new TypeError(`a fetch from ${node.serviceName} stands outside a path`)
        return known(node.operation, [])
      case 'Flatten':
        if (node.node.kind === 'Fetch' && node.node.serviceName === graph) return known(node.node.operation, [node.path])
        return { ...node, path: moved(node.path) }
      case 'BatchFetch':
        if (node.serviceName === graph) return known(node.operation, node.entityBatch.aliases.flatMap(({ paths }) => paths))
        return { ...node, entityBatch: { ...node.entityBatch, aliases: node.entityBatch.aliases.map((alias) => ({ ...alias, paths: alias.paths.map((each) => moved(each)) })) } }
      case 'Sequence':
      case 'Parallel': {
        const nodes = all(node.nodes)
        return nodes.length === 0 ? null : { ...node, nodes }
      }
      default:
        throw new TypeError(`unknown plan node ${node.kind}`)
    }
  }
  return at(plan)
}

/**
 * Puts a plan from the operation's root behind a place where an object of the root's type stands.
 * @throws TypeError when the plan is none of a query
 */
export function graftRoot(plan: PlanNode, path: readonly FlattenNodePathSegment[]): PlanNode {
  const moved = (from: readonly FlattenNodePathSegment[]): FlattenNodePathSegment[] => [...path, ...from]
  const at = (node: PlanNode): PlanNode => {
    switch (node.kind) {
      case 'Fetch':
        return { kind: 'Flatten', path: [...path], node }
      case 'Flatten':
        return { ...node, path: moved(node.path) }
      case 'BatchFetch':
        return { ...node, entityBatch: { ...node.entityBatch, aliases: node.entityBatch.aliases.map((alias) => ({ ...alias, paths: alias.paths.map((each) => moved(each)) })) } }
      case 'Sequence':
      case 'Parallel':
        return { ...node, nodes: node.nodes.map((each) => at(each)) }
      default:
        throw new TypeError(`unknown plan node ${node.kind}`)
    }
  }
  return at(plan)
}

function hasAlias(operation: string): boolean {
  let found = false
  visit(parse(operation, { noLocation: true }), {
    Field({ alias, name }) {
      found ||= alias !== undefined && alias.value !== name.value
    },
  })
  return found
}
