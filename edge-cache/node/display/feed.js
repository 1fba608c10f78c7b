// What a device shows, from this store's node. The content is always one whole answer of the node; events only say that it is time to ask
// again, and after every reconnect it is asked for again, so that no gap can hide. An answer from an earlier position than the one on show
// (a node that was restarted from an older disk) is not shown, nor is one without the device where the node only could not read it just now.

const pollMs = 5_000
const answerMs = 5_000
const pingMs = 10_000
/** After so long without an answer nothing is live, whatever else is heard. */
const patienceMs = 2 * pollMs + answerMs
/** What is older is not live, though the node hears the cloud: it is catching up, or is given nothing. */
const liveSeconds = 60

/**
 * @param settings from the page: deviceId, storeId and the ids of the operations
 * @param onContent is given the data of each answer that is shown
 * @param onState is called when the state may have changed
 * @param onRefusal is given what the node says in place of content
 */
export function follow(settings, { onContent, onState, onRefusal }) {
  const { deviceId, storeId, operations } = settings
  /** The answer on show: its `extensions.edge` and when it was heard, by the monotonic clock. */
  let edge = null
  let heardAt = now()
  let answeredAt = null
  let socket = null
  let ready = false
  let watched = null
  let wanted = 0
  let asking = false
  /** Subscriptions that were refused for what is not in this store; the answer that is asked for again and again tells when it is. */
  const elsewhere = new Set()

  async function ask() {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ documentId: operations.content, variables: { deviceId, storeId } }),
      signal: AbortSignal.timeout(answerMs),
    })
    return response.json()
  }

  async function refresh() {
    wanted += 1
    if (asking) return
    asking = true
    for (let answering = 0; answering !== wanted;) {
      answering = wanted
      try {
        accept(await ask())
      } catch {
        answeredAt = null
      }
    }
    asking = false
    onState()
  }

  function accept({ data, errors, extensions }) {
    const told = extensions?.edge
    if (!told) return
    if (!data || (!data.device && errors && !isElsewhere(errors))) return onRefusal(errors?.[0]?.message ?? '')
    answeredAt = performance.now()
    if (edge !== null && isBefore(told.position, edge.position)) {
      edge = { ...edge, online: told.online }
      return
    }
    edge = told
    heardAt = now()
    onContent(data)
    watchStock(data.device?.shows ?? [])
    if (ready && data.device && elsewhere.delete('device')) subscribe('device', operations.device, { deviceId })
  }

  /** Told of the stock of what is shown alone. */
  function watchStock(products) {
    const ids = products.map(({ id }) => id)
    const key = ids.join(' ')
    if (!ready || key === watched) return
    if (watched !== null && watched !== '') send({ type: 'complete', id: `stock ${watched}` })
    watched = key
    if (ids.length === 0) return
    subscribe(`stock ${key}`, operations.stock, { storeId, productIds: ids })
    // What changed before the subscription stood.
    void refresh()
  }

  function send(message) {
    socket.send(JSON.stringify(message))
  }

  function subscribe(id, operation, variables) {
    send({ type: 'subscribe', id, payload: { query: '', documentId: operation, variables } })
  }

  function connect(attempt = 0) {
    const own = new WebSocket(new URL('/graphql', location.href.replace(/^http/, 'ws')), 'graphql-transport-ws')
    socket = own
    let heard = true
    let tries = attempt
    // A connection whose other end is gone says nothing: who does not answer a ping is left.
    const ping = setInterval(() => {
      if (!heard) return end()
      heard = false
      if (ready) tries = 0
      if (own.readyState === WebSocket.OPEN) own.send('{"type":"ping"}')
    }, pingMs)
    let ended = false
    const end = () => {
      if (ended) return
      ended = true
      clearInterval(ping)
      own.close()
      ready = false
      watched = null
      onState()
      void refresh()
      setTimeout(() => connect(tries + 1), Math.min(10_000, 250 * 2 ** tries) * (0.5 + Math.random() / 2))
    }
    own.addEventListener('open', () => own.send('{"type":"connection_init"}'))
    own.addEventListener('close', end)
    own.addEventListener('message', ({ data }) => {
      if (ended) return
      heard = true
      const { type, id, payload } = JSON.parse(data)
      if (type === 'ping') own.send('{"type":"pong"}')
      else if (type === 'connection_ack') {
        ready = true
        void keepUp(settings)
        elsewhere.clear()
        subscribe('device', operations.device, { deviceId })
        subscribe('prices', operations.prices, { storeId })
        void refresh()
      } else if (type === 'next' && payload.errors && !payload.data && isElsewhere(payload.errors)) elsewhere.add(id)
      else if (type === 'next' && isAboutUs(id, payload.data)) void refresh()
      // A subscription that ended must not go unnoticed: everything begins again. Only a device that is not here has nothing to tell.
      else if ((type === 'error' && !isElsewhere(payload)) || (type === 'complete' && !elsewhere.has(id))) end()
    })
  }

  function isAboutUs(id, data) {
    return id !== 'prices' || !data || (watched ?? '').split(' ').includes(data.priceChanged.product.id)
  }

  connect()
  void refresh()
  // Where nothing changes, the age still does.
  setInterval(() => void refresh(), pollMs)
  // A page that nobody sees has its timers held back.
  document.addEventListener('visibilitychange', () => void refresh())

  return {
    /** Whether it is live, and how old what is shown is. */
    state() {
      if (edge === null) return { name: 'connecting', ageSeconds: null, asOf: null }
      const answered = answeredAt !== null && performance.now() - answeredAt < patienceMs
      const ageSeconds = edge.ageSeconds + elapsedSeconds(heardAt)
      const name = !answered ? 'lost' : !edge.online ? 'offline' : ageSeconds > liveSeconds ? 'behind' : ready ? 'live' : 'reconnecting'
      return { name, ageSeconds, asOf: edge.asOf }
    },
  }
}

/** Takes the node's page anew where it is another than this one: after an upgrade its operations have other names. Only a page that is there replaces one that shows something. */
async function keepUp(settings) {
  try {
    const response = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(answerMs) })
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    const text = page.getElementById('settings')?.textContent
    if (response.ok && text && JSON.stringify(JSON.parse(text)) !== JSON.stringify(settings)) location.reload()
  } catch {
    // What is on show stays; the next connection asks again.
  }
}

/** An instant by both clocks: the monotonic one stands still while the machine sleeps, the other jumps. */
function now() {
  return { steady: performance.now(), wall: Date.now() }
}

/** Told too old sooner than too young. */
function elapsedSeconds({ steady, wall }) {
  return Math.floor(Math.max(performance.now() - steady, Date.now() - wall) / 1000)
}

/** Whether what is refused is in another store, or (where the chain is this store) nowhere: then the error names the device. */
function isElsewhere(errors) {
  return errors.every(({ extensions }) => extensions?.code === 'OUT_OF_SCOPE' || extensions?.deviceId !== undefined)
}

/** Whether a position comes before another of the same log; of two logs nobody can tell. */
export function isBefore(position, other) {
  if (typeof position !== 'string' || typeof other !== 'string') return false
  const [epoch, batch] = split(position)
  const [otherEpoch, otherBatch] = split(other)
  return epoch === otherEpoch && batch < otherBatch
}

function split(position) {
  const at = position.lastIndexOf(':')
  return [position.slice(0, at), Number(position.slice(at + 1))]
}
