/** A store of the demo chain. */
export interface DemoStore {
  readonly index: number
  readonly id: string
  readonly name: string
  readonly address: string
  readonly city: string
  readonly region: string
  readonly postcode: string
  readonly country: string
  readonly latitude: number
  readonly longitude: number
  readonly timezone: string
  readonly openingHours: string
  /** 1 for a store of middling size: what it sells, keeps and has installed grows with it. */
  readonly size: number
}

const weekdays = 'Mon-Sat 08:00-20:00'
const everyDay = 'Mon-Sat 07:30-21:00; Sun 09:00-18:00'

const rows: readonly Omit<DemoStore, 'index'>[] = [
  { id: 'ghent', name: 'Aisle Ghent Coupure', address: 'Coupure Links 118', city: 'Ghent', region: 'East Flanders', postcode: '9000', country: 'BE', latitude: 51.0526, longitude: 3.7092, timezone: 'Europe/Brussels', openingHours: weekdays, size: 1 },
  { id: 'antwerp', name: 'Aisle Antwerp Zuid', address: 'Vlaamsekaai 74', city: 'Antwerp', region: 'Antwerp', postcode: '2000', country: 'BE', latitude: 51.2093, longitude: 4.3908, timezone: 'Europe/Brussels', openingHours: weekdays, size: 0.8 },
  { id: 'utrecht', name: 'Aisle Utrecht Biltstraat', address: 'Biltstraat 153', city: 'Utrecht', region: 'Utrecht', postcode: '3572 AS', country: 'NL', latitude: 52.0949, longitude: 5.1321, timezone: 'Europe/Amsterdam', openingHours: everyDay, size: 0.9 },
  { id: 'cologne', name: 'Aisle Köln Ehrenfeld', address: 'Venloer Straße 342', city: 'Cologne', region: 'North Rhine-Westphalia', postcode: '50823', country: 'DE', latitude: 50.9501, longitude: 6.9145, timezone: 'Europe/Berlin', openingHours: weekdays, size: 1.1 },
  { id: 'hamburg', name: 'Aisle Hamburg Altona', address: 'Ottenser Hauptstraße 29', city: 'Hamburg', region: 'Hamburg', postcode: '22765', country: 'DE', latitude: 53.5523, longitude: 9.9301, timezone: 'Europe/Berlin', openingHours: weekdays, size: 1.5 },
  { id: 'vienna', name: 'Aisle Wien Neubau', address: 'Lerchenfelder Straße 61', city: 'Vienna', region: 'Vienna', postcode: '1070', country: 'AT', latitude: 48.2069, longitude: 16.3468, timezone: 'Europe/Vienna', openingHours: weekdays, size: 1.2 },
  { id: 'lyon', name: 'Aisle Lyon Croix-Rousse', address: '48 Grande Rue de la Croix-Rousse', city: 'Lyon', region: 'Auvergne-Rhône-Alpes', postcode: '69004', country: 'FR', latitude: 45.7763, longitude: 4.8308, timezone: 'Europe/Paris', openingHours: everyDay, size: 1 },
  { id: 'bordeaux', name: 'Aisle Bordeaux Chartrons', address: '112 Rue Notre-Dame', city: 'Bordeaux', region: 'Nouvelle-Aquitaine', postcode: '33000', country: 'FR', latitude: 44.8533, longitude: -0.5709, timezone: 'Europe/Paris', openingHours: everyDay, size: 0.7 },
  { id: 'dublin', name: 'Aisle Dublin Phibsborough', address: '171 Phibsborough Road', city: 'Dublin', region: 'Leinster', postcode: 'D07 E932', country: 'IE', latitude: 53.3608, longitude: -6.2727, timezone: 'Europe/Dublin', openingHours: everyDay, size: 1 },
  { id: 'lisbon', name: 'Aisle Lisboa Campo de Ourique', address: 'Rua Ferreira Borges 95', city: 'Lisbon', region: 'Lisbon', postcode: '1350-127', country: 'PT', latitude: 38.7175, longitude: -9.1664, timezone: 'Europe/Lisbon', openingHours: everyDay, size: 0.6 },
  { id: 'helsinki', name: 'Aisle Helsinki Kallio', address: 'Hämeentie 27', city: 'Helsinki', region: 'Uusimaa', postcode: '00500', country: 'FI', latitude: 60.1862, longitude: 24.9603, timezone: 'Europe/Helsinki', openingHours: everyDay, size: 0.8 },
  { id: 'bologna', name: 'Aisle Bologna San Vitale', address: 'Via San Vitale 83', city: 'Bologna', region: 'Emilia-Romagna', postcode: '40125', country: 'IT', latitude: 44.4952, longitude: 11.3547, timezone: 'Europe/Rome', openingHours: weekdays, size: 0.9 },
]

/** The twelve stores of the demo chain. */
export const demoStores: readonly DemoStore[] = rows.map((row, index) => ({ ...row, index }))
