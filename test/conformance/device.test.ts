import { registerDeviceTests } from './device.ts'
import { postgresTestStorage, sqliteTestStorage } from './storages.ts'

registerDeviceTests('Postgres', postgresTestStorage)
registerDeviceTests('SQLite', sqliteTestStorage)
