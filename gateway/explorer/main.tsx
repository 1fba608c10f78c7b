import { explorerPlugin } from '@graphiql/plugin-explorer'
import { createGraphiQLFetcher } from '@graphiql/toolkit'
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql'
import { createRoot } from 'react-dom/client'
import { makeExplorerReachable } from './keyboard.ts'
import { isFirstVisit, storage } from './storage.ts'
import { exampleTabs, openingProps } from './tabs.ts'
import { provideWorkers } from './workers.ts'

// Relative to the page, so that it also works behind a path prefix.
const endpoint = new URL('graphql', location.href)
const subscriptions = new URL(endpoint)
subscriptions.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:'

const fetcher = createGraphiQLFetcher({ url: endpoint.href, subscriptionUrl: subscriptions.href, enableIncrementalDelivery: false })
const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })]
const opening = isFirstVisit() ? openingProps(await exampleTabs(new URL('examples.json', location.href))) : {}

const root = document.querySelector<HTMLElement>('#explorer')
if (root === null) throw new Error('The page has no #explorer element')
provideWorkers()
makeExplorerReachable(root)
createRoot(root).render(
  <GraphiQL fetcher={fetcher} plugins={plugins} storage={storage} inputValueDeprecation {...opening}>
    <GraphiQL.Logo>Aisle</GraphiQL.Logo>
  </GraphiQL>,
)
