import { describe, expect, test } from '@jest/globals'
import { join } from 'node:path'
import { decodeConfig } from '../../runtime/config.ts'
import { startConfigSchema } from './config.ts'
import { dataSetName } from './data-set.ts'
import { choosePorts } from './ports.ts'
import { rolesOf } from './roles.ts'
import { describeRun } from './table.ts'

const ports = { gateway: 4000, search: 4001, recommendation: 4002, inventory: 4003, device: 4004, origin: 4010, edge: 4100 }
const facts = { store: { id: "o'hare", name: "O'Hare" }, deviceId: 'wall 1', product: { id: "p'1", name: "Pete's tea" } }

describe('what a start is told', () => {
  test('has the ports that everybody relies on', async () => {
    const config = decodeConfig(startConfigSchema, { directory: '.aisle' })
    expect(await choosePorts(config)).toEqual(ports)
    expect(await choosePorts(decodeConfig(startConfigSchema, { directory: '.aisle', portBase: '7000', edgePort: '7' }))).toMatchObject({ gateway: 7000, origin: 7010, edge: 7 })
    const free = Object.values(await choosePorts(decodeConfig(startConfigSchema, { directory: '.aisle', portBase: 0 })))
    expect(new Set(free).size).toBe(free.length)
  })

  test('is refused with the flag at fault', () => {
    const told = { directory: '.aisle', portBase: '65500', demoSize: 'huge', databaseUrl: 'mysql://x' }
    expect(() => decodeConfig(startConfigSchema, told)).toThrow(/--demo-size: must be small[^]*--port-base: must leave room[^]*--database-url: must look like/)
  })

  test('treats an empty DATABASE_URL as none, and a path as meant from where the user stands', () => {
    const { databaseUrl, data } = decodeConfig(startConfigSchema, { directory: '.aisle', databaseUrl: '', data: 'mine' })
    expect(databaseUrl).toBeUndefined()
    expect(data).toBe(join(process.env.INIT_CWD ?? process.cwd(), 'mine'))
  })

  test('keeps data sets apart', () => {
    const names = [{ demoSize: 'small' }, { demoSize: 1000 }, { demoSize: 'small', data: '/a/Gift Shop' }, { demoSize: 'small', data: '/b/Gift Shop' }] as const
    expect(names.map(dataSetName)).toEqual(['demo_small', 'demo_1000', expect.stringMatching(/^gift_shop_[0-9a-f]{8}$/), expect.stringMatching(/^gift_shop_[0-9a-f]{8}$/)])
    expect(new Set(names.map(dataSetName)).size).toBe(4)
  })
})

describe('what a start runs', () => {
  test('is every role, the database only for those that need it, and one that outlives the rest', () => {
    const roles = rolesOf({ ports, databaseUrl: 'postgres://x/y', store: 'a/b', examples: '/examples.json', folder: '/data', simulate: true, contextSecret: 'local:x' })
    expect(roles.map(({ name }) => name)).toEqual(['search', 'recommendation', 'inventory', 'device', 'origin', 'gateway', 'edge', 'simulate'])
    expect(roles.filter(({ environment }) => environment?.DATABASE_URL !== undefined).map(({ name }) => name)).toEqual(['search', 'recommendation', 'inventory', 'device', 'origin'])
    expect(roles.filter(({ place }) => place === 'store').map(({ name }) => name)).toEqual(['edge'])
    expect(roles.find(({ name }) => name === 'edge')?.parameters).toEqual(expect.arrayContaining(['--data', '/data/edge/a%2Fb']))
  })

  test('is no edge node where the data have no store, and says so', () => {
    const roles = rolesOf({ ports, databaseUrl: 'postgres://x/y', store: null, examples: '/examples.json', folder: '/data', simulate: false, contextSecret: 'local:x' })
    expect(roles.map(({ name }) => name)).toEqual(['search', 'recommendation', 'inventory', 'device', 'origin', 'gateway'])
    const table = describeRun({ ports, facts: { store: null, deviceId: null, product: { id: '1', name: 'Cable' } }, databaseUrl: 'postgres://x/y', embedded: true, logs: '/logs' })
    expect(table).toContain('none: these data have no store')
    expect(table).toContain(String.raw`product(id: \"1\") { name price {`)
    expect(table).not.toContain('cloud down')
  })

  test('is shown with a command that a shell takes as it stands, and without the password of somebody\'s Postgres', () => {
    const table = describeRun({ ports, facts, databaseUrl: 'postgres://me:secret@db/x', embedded: false, logs: '/logs' })
    expect(table).toContain('http://localhost:4100/display/wall%201')
    expect(table).toContain(String.raw`product(id: \"p'\''1\")`)
    expect(table).not.toContain('secret')
    expect(describeRun({ ports, facts, databaseUrl: 'postgres://me:secret@db/x', embedded: true, logs: '/logs' })).toContain('me:secret@db')
  })
})
