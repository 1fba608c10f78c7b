// Text is only ever put in as text.

export function element(name, className, ...children) {
  const made = document.createElement(name)
  if (className) made.className = className
  made.append(...children.filter((child) => child !== null && child !== ''))
  return made
}
