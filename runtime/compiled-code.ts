import { enableCompileCache, flushCompileCache } from 'node:module'

/**
 * Keeps compiled code in the folder from one start of the process to the next, unless `NODE_COMPILE_CACHE` names another one. A folder
 * that cannot be written to, or what is wrong in it, costs the time of compiling and nothing else.
 */
export function keepCompiledCode(folder: string): void {
  enableCompileCache(folder)
}

/** Writes what was compiled so far: who is killed leaves it for the next start all the same. */
export function writeCompiledCode(): void {
  flushCompileCache()
}
