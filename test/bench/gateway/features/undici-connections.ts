import { registerHooks } from 'node:module'

// Loaded before the gateway's own code: connections over plain TCP are undici's then, as those over TLS always are. There is no such switch.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    return found.url.endsWith('/gateway/subgraphs/http1/transport.ts') ? next(new URL('undici-transport.ts', import.meta.url).href, context) : found
  },
})
