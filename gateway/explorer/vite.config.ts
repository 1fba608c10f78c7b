import { fileURLToPath } from 'node:url'
import type { UserConfig } from 'vite'

/** Everything relative, so that the page works at any path; hashed names under `assets/`, so that they can be cached for ever. */
export default {
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: fileURLToPath(new URL('dist/', import.meta.url)),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The editor is one unit of about 3 MB that no user of the page can do without.
    chunkSizeWarningLimit: 4_000,
    rolldownOptions: {
      onLog: (level, log, handle) => {
        // Marks of server components, of which a page that runs in the browser alone has no use.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
      },
    },
  },
} satisfies UserConfig
