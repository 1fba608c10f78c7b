import type { PlanNode } from './planner.ts'

/** A node with what `at` makes of each node right inside of it; one that holds none (a request) as it is. */
export function mapInnerNodes(node: PlanNode, at: (inner: PlanNode) => PlanNode): PlanNode {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map((each) => at(each)) }
    case 'Flatten':
      return { ...node, node: at(node.node) }
    case 'Condition':
      return { ...node, ...(node.ifClause ? { ifClause: at(node.ifClause) } : {}), ...(node.elseClause ? { elseClause: at(node.elseClause) } : {}) }
    default:
      return node
  }
}
