import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { chooseEncoding, compress, type Encoding } from '../../runtime/graphql/encoding.ts'

/** A file of the explorer, ready to be sent. */
export interface StaticAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | string
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

const contentSecurityPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:"

const compressible = /^text\/|json|svg|wasm|font\/ttf/

const notBuilt = `<!doctype html><html lang="en"><title>Gateway</title><h1>The explorer is not built</h1>
<p>Build the page in <code>gateway/explorer</code> (see its README), then reload. The graph answers at <a href="/graphql"><code>/graphql</code></a>.</p></html>`

/** Answers from the explorer's built files in `folder`, in an encoding that the client accepts; null when there is no such file. */
export async function explorerAnswer(folder: string, path: string, acceptEncoding?: string): Promise<StaticAnswer | null> {
  const relative = normalize(decodePath(path)).replace(/^[/\\]+/, '') || 'index.html'
  if (relative.split(sep).includes('..')) return null
  const type = contentTypes[extname(relative).toLowerCase()]
  if (type === undefined) return null
  const headers = {
    'content-type': type,
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    // Names under assets/ change with their content.
    vary: 'accept-encoding',
    'cache-control': relative.startsWith(`assets${sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
  try {
    const file = join(folder, relative)
    const encoding = compressible.test(type) ? chooseEncoding(acceptEncoding) : null
    const body = await readFile(file)
    if (encoding === null) return { status: 200, headers, body }
    return { status: 200, headers: { ...headers, 'content-encoding': encoding }, body: await packed(file, body, encoding) }
  } catch {
    return relative === 'index.html' ? { status: 200, headers, body: notBuilt } : null
  }
}

/** Packed files by path and encoding, with what they were packed from. */
const packedFiles = new Map<string, { readonly source: Buffer; readonly result: Promise<Buffer> }>()

/** Packs a file once, as small as it will be, until it changes. */
function packed(file: string, source: Buffer, encoding: Encoding): Promise<Buffer> {
  const key = `${encoding} ${file}`
  const known = packedFiles.get(key)
  if (known?.source.equals(source) === true) return known.result
  const result = compress(source, encoding, true)
  packedFiles.set(key, { source, result })
  return result
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
