/** Disposes of everything, and ends, when the process is told to stop: nothing that was started may outlive it. */
export function stopOnSignal(stack: AsyncDisposableStack): void {
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
    process.once(signal, () => void stack.disposeAsync().finally(() => process.exit(code)))
  }
}
