import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The Node that npm brings, a symbolic-link-free path into node_modules. */
export const projectNode = join(root, 'node_modules/node/bin/node')
