// A screen of the shop: what one device shows, kept current. `feed.js` brings it, `card.js` and `label.js` draw it.

import { ageText, clockText } from './format.js'
import { follow } from './feed.js'
import { card } from './card.js'
import { label } from './label.js'
import { arrange } from './element.js'
import { changesOf, sentencesOf } from './changes.js'

const settings = JSON.parse(document.getElementById('settings').textContent)
const isLabel = settings.view === 'label'
const draw = isLabel ? label : card
const [title, state, age, list, message, news] = ['title', 'state', 'age', 'products', 'message', 'news'].map((id) => document.getElementById(id))
const words = { connecting: 'Connecting', live: 'Live', offline: 'Offline', behind: 'Catching up', reconnecting: 'Reconnecting', lost: 'No connection' }

let shown = null
const drawn = new Map()

const feed = follow(settings, { onContent: show, onState: renderState, onRefusal: showRefusal })
setInterval(renderState, 1000)

/** Puts what the device shows on the screen; what has not changed is not touched. */
function show(content) {
  const { device } = content
  const products = device?.shows ?? []
  const told = shown === null ? [] : changesOf(shown.device?.shows ?? [], products)
  title.textContent = device?.store.name ?? settings.deviceId
  document.title = `${title.textContent}: ${settings.deviceId}`
  document.body.style.setProperty('--count', String(Math.max(1, products.length)))
  const kept = new Set(products.map(({ id }) => id))
  for (const id of drawn.keys()) if (!kept.has(id)) drawn.delete(id)
  arrange(list, products.map((product) => elementFor(product, shown !== null)))
  message.hidden = products.length > 0
  message.textContent = device === null ? `No device named ${settings.deviceId} in this store.` : products.length > 0 ? '' : 'Nothing to show yet.'
  if (told.length > 0) news.textContent = sentencesOf(told)
  shown = content
  renderState()
}

/** While nothing is on show yet, what the node says in place of it. */
function showRefusal(text) {
  if (shown !== null) return
  message.hidden = text === ''
  message.textContent = text
}

function elementFor(product, isUpdate) {
  const text = JSON.stringify(product)
  const known = drawn.get(product.id)
  if (known?.text === text) return known.element
  const element = draw(product)
  element.dataset.product = product.id
  if (isUpdate) element.classList.add('changed')
  drawn.set(product.id, { text, element })
  return element
}

/** The state in words for everyone, and the age beside it, which would only disturb if it were read out every second. */
function renderState() {
  const { name, ageSeconds, asOf } = feed.state()
  if (state.textContent !== words[name]) state.textContent = words[name]
  document.body.dataset.state = name
  if (ageSeconds === null || asOf === null) return
  const clock = clockText(asOf, shown?.device?.store.timezone)
  age.dateTime = asOf
  const since = ageText(ageSeconds, isLabel ? 60 : 1)
  const text = name === 'live' ? `as of ${clock}` : `as it was ${since} ago, at ${clock}`
  if (age.textContent !== text) age.textContent = text
}
