import { postgresCatalogue, sqliteCatalogue } from './catalogue.ts'
import { registerSearchTests } from './search.ts'

registerSearchTests('Postgres', postgresCatalogue)
registerSearchTests('SQLite', sqliteCatalogue)
