import { registerInventoryTests } from './inventory.ts'
import { postgresTestStorage, sqliteTestStorage } from './storages.ts'

registerInventoryTests('Postgres', postgresTestStorage)
registerInventoryTests('SQLite', sqliteTestStorage)
