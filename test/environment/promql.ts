/** What an expression of PromQL names. */
export interface Named {
  readonly metrics: ReadonlySet<string>
  /** Labels by the metrics they are asked of; those of an aggregation belong to every metric of the expression. */
  readonly labels: ReadonlySet<string>
}

const words: ReadonlySet<string> = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan'])

/** Reads an expression only as far as names go: what it computes is Prometheus' matter. */
export function namesIn(expression: string): Named {
  const metrics = new Set<string>()
  const labels = new Set<string>()
  const plain = expression
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\{([^}]*)\}/g, (_whole, matchers: string) => {
      for (const [, label] of matchers.matchAll(/([A-Za-z_]\w*)\s*(?:=~|!~|!=|=)/g)) labels.add(label ?? '')
      return ''
    })
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g, (_whole, list: string) => {
      for (const label of list.split(',')) if (label.trim() !== '') labels.add(label.trim())
      return ' '
    })
  for (const [, name, open] of plain.matchAll(/(?<![\w.])([A-Za-z_:][\w:]*)\s*(\(?)/g)) {
    if (name !== undefined && open === '' && !words.has(name.toLowerCase())) metrics.add(name)
  }
  return { metrics, labels }
}
