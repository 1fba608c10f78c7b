// What one display shows, kept current over graphql-ws; after every reconnect the whole content is asked for again.

const { storeId, deviceId, operations } = JSON.parse(document.getElementById('settings').textContent)
const products = new Map()
const statusText = { IN_STOCK: 'In stock', LOW_STOCK: 'Only a few left', OUT_OF_STOCK: 'Sold out', NOT_CARRIED: 'Not sold here' }
const title = document.getElementById('title')
const age = document.getElementById('age')
const list = document.getElementById('products')
let freshness = null
let socketOpen = false
let refreshing = false
let again = false

function money(value) {
  return new Intl.NumberFormat(undefined, { style: 'currency', currency: value.currencyCode }).format(Number(value.amount))
}

function line(className, text) {
  const element = document.createElement('span')
  element.className = className
  element.textContent = text
  return element
}

function render() {
  list.replaceChildren(...[...products.values()].map((product) => {
    const item = document.createElement('li')
    item.dataset.product = product.id
    if (product.brand) item.append(line('brand', product.brand))
    item.append(line('name', product.name))
    if (product.price) {
      const price = line('price', money(product.price.amount))
      const was = product.price.listAmount
      if (was && Number(was.amount) > Number(product.price.amount.amount)) price.append(' ', line('was', money(was)))
      item.append(price)
    }
    const { status, onHand } = product.availability
    item.append(line(status, `${statusText[status]}${onHand > 0 ? ` (${onHand})` : ''}`))
    return item
  }))
}

function renderAge() {
  if (freshness === null) return
  const seconds = freshness.ageSeconds + Math.floor((performance.now() - freshness.heardAt) / 1000)
  const live = socketOpen && freshness.online
  age.classList.toggle('offline', !live)
  const since = seconds < 90 ? `${seconds} seconds` : seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`
  age.textContent = live ? 'Live' : `Offline: as it was ${since} ago`
}

function heard(edge) {
  if (edge) freshness = { ...edge, heardAt: performance.now() }
  renderAge()
}

async function refresh() {
  if (refreshing) {
    again = true
    return
  }
  refreshing = true
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ documentId: operations.content, variables: { deviceId, storeId } }),
    })
    const { data, extensions } = await response.json()
    heard(extensions?.edge)
    if (data) show(data.device)
  } catch {
    renderAge()
  }
  refreshing = false
  if (again) {
    again = false
    void refresh()
  }
}

function show(device) {
  if (device === null) {
    title.textContent = `No device named ${deviceId} in this store`
    products.clear()
  } else {
    title.textContent = device.store.name
    document.title = `${device.store.name}: ${deviceId}`
    products.clear()
    for (const product of device.shows) products.set(product.id, product)
  }
  render()
}

const live = {
  device: { variables: { deviceId }, apply: () => void refresh() },
  stock: {
    variables: { storeId },
    apply({ stockChanged }) {
      const product = products.get(stockChanged.product.id)
      if (product) Object.assign(product.availability, { onHand: stockChanged.onHand, status: stockChanged.status })
      render()
    },
  },
  prices: {
    variables: { storeId },
    apply({ priceChanged }) {
      if (products.has(priceChanged.product.id)) void refresh()
    },
  },
}

function connect(attempt = 0) {
  const socket = new WebSocket(new URL('/graphql', location.href.replace(/^http/, 'ws')), 'graphql-transport-ws')
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'connection_init' })))
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data)
    if (message.type === 'ping') socket.send(JSON.stringify({ type: 'pong' }))
    if (message.type === 'connection_ack') {
      attempt = 0
      socketOpen = true
      for (const [id, { variables }] of Object.entries(live)) {
        socket.send(JSON.stringify({ type: 'subscribe', id, payload: { query: '', documentId: operations[id], variables } }))
      }
      void refresh()
    }
    if (message.type === 'next') {
      heard(message.payload.extensions?.edge)
      if (message.payload.data) live[message.id].apply(message.payload.data)
    }
  })
  socket.addEventListener('close', () => {
    socketOpen = false
    renderAge()
    setTimeout(() => connect(attempt + 1), Math.min(10_000, 250 * 2 ** attempt) * (0.5 + Math.random()))
  })
}

connect()
void refresh()
setInterval(renderAge, 1000)
// While the link to the cloud is down nothing arrives, so the page asks how old its data is.
setInterval(() => void refresh(), 5_000)
