const panel = '.graphiql-explorer-root'
const choice = `${panel} span[style*="cursor: pointer"]`

/**
 * The explorer panel makes its choices out of spans that only a mouse can reach. This lets Tab reach them too,
 * and Enter or Space take them.
 */
export function makeExplorerReachable(root: HTMLElement): void {
  new MutationObserver(() => {
    for (const span of root.querySelectorAll<HTMLElement>(`${choice}:not([tabindex])`)) {
      span.tabIndex = 0
      span.setAttribute('role', 'button')
    }
  }).observe(root, { childList: true, subtree: true })
  root.addEventListener('keydown', (event) => {
    const { target, key } = event
    if ((key !== 'Enter' && key !== ' ') || !(target instanceof HTMLElement) || !target.matches(choice)) return
    event.preventDefault()
    target.click()
  })
}
