import { postgresCatalogue, sqliteCatalogue } from './catalogue.ts'
import { registerCustomerRecommendationTests, registerRecommendationTests } from './recommendation.ts'

registerRecommendationTests('Postgres', postgresCatalogue)
registerRecommendationTests('SQLite', sqliteCatalogue)
registerCustomerRecommendationTests('Postgres', postgresCatalogue)
