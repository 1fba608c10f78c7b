/** Says over IPC where this process answers, and whenever it is asked how much processor time it has used, in microseconds. */
export function serveCpu(url: string, details: Readonly<Record<string, number>> = {}): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpu: user + system })
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ url, details })
}
