import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { startTestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { ask, operationIds } from '../environment/client.ts'
import { startRole } from '../environment/process.ts'
import { ready, until } from '../environment/wait.ts'

const storeId = 'S1'
const products = Array.from({ length: 200 }, (_, nth) => `p${nth}`)

/** Two seconds on a machine with nothing else to do; `npm run bench -- edge` tells it for 50,000 products (`restart.seconds`). */
const mostSeconds = 2
/** What a machine that runs other tests beside this one may take for as much work. */
const busy = 15

/** Processor time of a process so far, in seconds; null where the system does not tell. */
function processorSeconds(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return null
  }
}

test('a node that is killed again and again while it serves and writes answers within two seconds of its start, offline, with all that it acknowledged', async () => {
  using folder = scratchFolder()
  await using origin = await startTestOrigin()
  await origin.log.write(putStore(storeId), ...products.flatMap((id) => [putProduct(id, `Product ${id}`), putStock(storeId, id, 100)]))
  const data = join(folder.path, 'node')
  const operations = await operationIds()
  const start = (url: string) => startRole('edge', ['edge', '--port', '0', '--origin', url, '--store', storeId, '--data', data], { AISLE_LOG_LEVEL: 'error', NODE_COMPILE_CACHE: '' })
  const levelAt = async (url: string) => {
    const { status, data: found } = await ask(url, { documentId: operations.get('ShelfLabel')?.id, variables: { productId: 'p7', storeId } })
    return { status, level: found.product?.availability?.onHand }
  }
  const sell = (url: string, operationId: string) => ask(url, { documentId: operations.get('RecordMovement')?.id, variables: { input: { operationId, storeId, productId: 'p7', kind: 'SALE', quantity: -1 } } })
  let acknowledged = 0
  let url = origin.url
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now()
    await using node = await start(url)
    if (round === 0) {
      await ready(node.url)
    } else {
      const { status, level } = await levelAt(node.url)
      const seconds = (performance.now() - began) / 1000
      expect(status).toBe(200)
      // The last one may have been kept without that anybody was told.
      expect([100 - acknowledged, 99 - acknowledged]).toContain(level)
      acknowledged = 100 - Number(level)
      expect(seconds).toBeLessThan(mostSeconds * busy)
      expect(processorSeconds(node.pid) ?? 0).toBeLessThan(mostSeconds * 2)
    }
    let writes = 0
    const writing = (async () => {
      for (;;) {
        const { errors } = await sell(node.url, `round-${round}-${writes}`)
        if (errors.length > 0) throw new Error(errors[0]?.message)
        writes += 1
        acknowledged += 1
      }
    })().catch(() => {})
    await until('writes to be acknowledged', () => writes > 10)
    await node.kill()
    await writing
    // From here on there is nobody to be asked.
    url = 'http://127.0.0.1:9'
    // What takes no compiled code hinders nothing.
    if (round === 1) {
      expect(existsSync(join(data, 'compiled'))).toBe(true)
      rmSync(join(data, 'compiled'), { recursive: true, force: true })
      writeFileSync(join(data, 'compiled'), 'not a folder')
    }
  }
})
