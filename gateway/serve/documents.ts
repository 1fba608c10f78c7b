import { createHash } from 'node:crypto'
import type { DocumentPolicy, Manifest } from '../../runtime/graphql/persisted.ts'
import type { Logger } from '../../runtime/log.ts'
import type { GatewayConfig } from '../config.ts'
import { Lru } from '../execute/lru.ts'
import { ManifestSafelist } from './safelist.ts'

/** How many unlisted documents are remembered as logged. */
const rememberedDocuments = 1_000
/** How much of an unlisted document is logged, in characters. */
const loggedLength = 500

/** What the configuration says about documents. With `--persisted-only=log`, each document that would be refused is logged once and counted. */
export function documentPolicy(config: Pick<GatewayConfig, 'persistedOnly' | 'apq' | 'planCache' | 'planCacheBytes'>, manifest: Manifest | null, count: () => void, log: Logger): DocumentPolicy {
  const policy = {
    manifest,
    persistedOnly: config.persistedOnly === 'required',
    automatic: config.apq ? new Lru<string>(config.planCache, { maxBytes: config.planCacheBytes, weigh: (document, hash) => document.length + hash.length }) : null,
    safelist: manifest === null ? null : new ManifestSafelist(manifest),
    safelistOnly: config.persistedOnly === 'safelist',
  }
  if (config.persistedOnly !== 'log') return policy
  const logged = new Lru<true>(rememberedDocuments)
  return {
    ...policy,
    onUnlisted(document) {
      count()
      const id = createHash('sha256').update(document).digest('hex')
      if (logged.get(id) === true) return
      logged.set(id, true)
      log.warn({ id, document: document.slice(0, loggedLength) }, 'a document that is not in the manifest was served')
    },
  }
}
