/**
 * The states of a store's node and what moves it from one to another: the table of `../SPEC.md`. It holds no data and decides nothing about
 * them; it says in one word how the node stands with the cloud, for metrics, logs and readiness.
 */

/** Every state, and whether the node answers from its copy in it. */
export const nodeStates = {
  /** There is no copy yet. */
  bootstrapping: { serves: false },
  /** The copy is what the cloud last said is the newest. */
  online: { serves: true },
  /** Origin answers, and has more than the copy. */
  behind: { serves: true },
  /** Origin does not answer. */
  offline: { serves: true },
  /** The former copy serves while a fresh one is fetched, for only that helps. */
  recovering: { serves: true },
  /** The node goes on as ever, but something about it is in doubt that a person should look at. */
  quarantined: { serves: true },
} as const satisfies Record<string, { readonly serves: boolean }>

export type NodeState = keyof typeof nodeStates

/** Every event. */
export const nodeEvents = [
  /** A fresh copy has taken its place. */
  'copied',
  /** Only a fresh copy helps: the present one is damaged, or the log can't be followed from it. */
  'broken',
  /** Origin answers again. */
  'heard',
  /** Origin has not been heard for too long. */
  'silent',
  /** A page of the log was taken in, and there is more. */
  'more',
  /** A page of the log was taken in, and it reaches the log's head. */
  'head',
  /** A reason for doubt: a twin, a disk that was taken back, lost writes, an origin that refuses this node. */
  'doubted',
  /** No reason for doubt is left. */
  'vouched',
] as const

export type NodeEvent = (typeof nodeEvents)[number]

/** Where each event leads from each state. A cell that is missing does not compile. */
export const transitions: Readonly<Record<NodeState, Readonly<Record<NodeEvent, NodeState>>>> = {
  bootstrapping: {
    copied: 'behind',
    broken: 'bootstrapping',
    heard: 'bootstrapping',
    silent: 'bootstrapping',
    more: 'bootstrapping',
    head: 'bootstrapping',
    doubted: 'bootstrapping',
    vouched: 'bootstrapping',
  },
  online: {
    copied: 'behind',
    broken: 'recovering',
    heard: 'online',
    silent: 'offline',
    more: 'behind',
    head: 'online',
    doubted: 'quarantined',
    vouched: 'online',
  },
  behind: {
    copied: 'behind',
    broken: 'recovering',
    heard: 'behind',
    silent: 'offline',
    more: 'behind',
    head: 'online',
    doubted: 'quarantined',
    vouched: 'behind',
  },
  offline: {
    copied: 'behind',
    broken: 'recovering',
    heard: 'behind',
    silent: 'offline',
    more: 'behind',
    head: 'online',
    doubted: 'quarantined',
    vouched: 'offline',
  },
  recovering: {
    copied: 'behind',
    broken: 'recovering',
    heard: 'recovering',
    silent: 'recovering',
    more: 'recovering',
    head: 'recovering',
    doubted: 'quarantined',
    vouched: 'recovering',
  },
  quarantined: {
    copied: 'quarantined',
    broken: 'quarantined',
    heard: 'quarantined',
    silent: 'quarantined',
    more: 'quarantined',
    head: 'quarantined',
    doubted: 'quarantined',
    vouched: 'behind',
  },
}

/** The state that an event leads to. */
export function next(state: NodeState, event: NodeEvent): NodeState {
  return transitions[state][event]
}
