import { originConfigSchema } from '../../../edge-cache/origin/config.ts'
import { startOrigin } from '../../../edge-cache/origin/origin.ts'
import { createRoleContext } from '../../../runtime/role.ts'
import { LoopWatch } from './loop-watch.ts'

/** Origin as it is deployed, in a process of its own: its flags come as an argument, its URL goes to the parent, and how busy it was when it is asked. */
const role = await startOrigin(originConfigSchema.parse(JSON.parse(process.argv[2] ?? '{}')), createRoleContext('origin', 'warn'))
const loop = new LoopWatch()
process.send?.({ url: role.url })
process.on('message', (order: 'figures' | 'forget') => {
  if (order === 'forget') loop.begin()
  process.send?.(loop.report())
})
process.on('disconnect', () => void close())

async function close(): Promise<void> {
  await role[Symbol.asyncDispose]()
  process.exit(0)
}
