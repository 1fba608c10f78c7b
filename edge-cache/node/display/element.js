// Text is only ever put in as text.

export function element(name, className, ...children) {
  const made = document.createElement(name)
  if (className) made.className = className
  made.append(...children.filter((child) => child !== null && child !== ''))
  return made
}

/** Gives `parent` these children in this order. Those that stand right are not moved: what moves loses its animation, and whoever reads it loses the place. */
export function arrange(parent, children) {
  const wanted = new Set(children)
  for (const child of parent.querySelectorAll(':scope > *')) if (!wanted.has(child)) child.remove()
  let next = parent.firstElementChild
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling
    else parent.insertBefore(child, next)
  }
}
