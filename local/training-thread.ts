import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { openPostgres } from '../subgraphs/storage/postgres/storage.ts'
import { trainRecommendations } from '../subgraphs/recommendation/train/train.ts'

const { databaseUrl } = z.object({ databaseUrl: z.string() }).parse(workerData)
await using storage = openPostgres(databaseUrl, { connections: 1 })
await trainRecommendations(storage, { onProgress: (step, share) => parentPort?.postMessage({ step, share }, []) })
