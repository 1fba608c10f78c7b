const signals = [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const

/** Disposes of everything, and ends, when the process is told to stop: nothing that was started may outlive it. Until it is itself disposed of. */
export function stopOnSignal(stack: AsyncDisposableStack): Disposable {
  const handlers = signals.map(([signal, code]) => {
    const handler = (): void => void stack.disposeAsync().finally(() => process.exit(code))
    process.once(signal, handler)
    return { signal, handler }
  })
  return {
    [Symbol.dispose]() {
      for (const { signal, handler } of handlers) process.off(signal, handler)
    },
  }
}
