import type { Page } from 'playwright-core'

/**
 * Every text on the page that stands out too little from what is behind it: below 4.5, or 3 for large type (WCAG 2.2, 1.4.3),
 * as 'text: ratio'.
 */
export async function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(${measure})()`)
}

/** Runs in the page. */
const measure = `() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  if (canvas === null) return ['no canvas']
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const luminance = (colour) => {
    const [red = 0, green = 0, blue = 0] = colour.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor)
      if (colour[3] === 255) return colour
    }
    return [255, 255, 255]
  }
  const found = []
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent).join('').trim()
    const box = element.getBoundingClientRect()
    if (text === '' || box.width <= 1 || element.tagName === 'NOSCRIPT') continue
    const style = getComputedStyle(element)
    const [one, other] = [luminance(rgba(style.color)), luminance(behind(element))]
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    const size = Number.parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    if (ratio < (large ? 3 : 4.5)) found.push(text + ': ' + ratio.toFixed(2))
  }
  return found
}`
