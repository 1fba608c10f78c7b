import { startSubgraph } from '../../gateway/testing/subgraph.ts'
import { smallSubgraphs } from './small-subgraphs.ts'

/** Serves one of the small subgraphs: its name and port are the arguments, its URL goes to whoever started it. */
const [, , name, port] = process.argv
const found = Object.entries(smallSubgraphs).find(([each]) => each === name)
if (found === undefined) throw new Error(`there is no subgraph ${name}`)
const { url } = await startSubgraph(found[1], Number(port))
process.send?.(url)
process.once('disconnect', () => process.exit(0))
