import { describe, expect, test } from '@jest/globals'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { listen } from '../../runtime/server.ts'
import { isRunning } from '../processes/identity.ts'
import { answerOf, leftIn, order, processesIn, startIn, temporaryFolder, until } from '../testing/tiny-run.ts'

describe('a start', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('stops everything on %s and leaves nothing behind', async (signal) => {
    await using folder = await temporaryFolder()
    await using run = await startIn(folder.path)
    await run.up()
    const processes = processesIn(folder.path)
    expect(Object.keys(processes).toSorted()).toEqual(['edge', 'gateway', 'origin', 'postgres'])
    run.signal(signal)
    if (signal === 'SIGINT') run.signal(signal) // as npm passes on what the terminal has already said
    expect(await run.ended).toBe(0)
    expect(Object.values(processes).filter((each) => each !== undefined && isRunning(each))).toEqual([])
    expect(leftIn(folder.path)).toEqual([])
  })

  test('that is told to stop half way gives up and leaves nothing behind', async () => {
    await using folder = await temporaryFolder()
    await using run = await startIn(folder.path)
    await until(() => existsSync(join(folder.path, 'run/supervisor.json')))
    run.signal('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(leftIn(folder.path)).toEqual([])
  })

  test('that is told to stop while data load gives up and leaves nothing behind', async () => {
    await using folder = await temporaryFolder()
    await using run = await startIn(folder.path, { TINY_LOADS_FOREVER: '1' })
    await until(() => run.output().includes('✓ Postgres'))
    run.signal('SIGINT')
    expect(await run.ended).toBe(0)
    expect(leftIn(folder.path)).toEqual([])
  })

  test('fails with the last words of the role that could not start, and stops the others', async () => {
    await using folder = await temporaryFolder()
    writeFileSync(join(folder.path, 'break-gateway'), '')
    await using run = await startIn(folder.path)
    expect(await run.ended).toBe(1)
    expect(run.output()).toMatch(/gateway stopped while it started \(exit code 1\)/)
    expect(run.output()).toMatch(/gateway found .*break-gateway/)
    expect(leftIn(folder.path)).toEqual([])
  })

  test('names who holds a port before it starts anything', async () => {
    await using folder = await temporaryFolder()
    const server = createServer()
    const port = await listen(server, 0)
    try {
      await using run = await startIn(folder.path, { TINY_PORT: String(port) })
      expect(await run.ended).toBe(1)
      expect(run.output()).toContain(`Port ${port} (gateway) is taken by`)
      if (process.platform === 'linux') expect(run.output()).toContain(`process ${process.pid}: `)
      expect(existsSync(join(folder.path, 'postgres'))).toBe(false)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test('finds what a killed run left, ends it and starts anew; the store\'s node had gone on alone', async () => {
    await using folder = await temporaryFolder()
    await using killed = await startIn(folder.path)
    const { ports } = await killed.up()
    const before = processesIn(folder.path)
    const { edge, gateway, origin, postgres } = before
    if (edge === undefined || gateway === undefined || origin === undefined || postgres === undefined) throw new Error('not everything ran')
    killed.signal('SIGKILL')
    await killed.ended
    await until(() => !isRunning(gateway) && !isRunning(origin))
    expect(isRunning(edge)).toBe(true)
    expect(isRunning(postgres)).toBe(true)
    expect(await answerOf(ports.edge)).toBe('edge')

    await using run = await startIn(folder.path)
    const again = await run.up()
    expect(run.output()).toContain('Stopped what an earlier run left behind: edge, Postgres.')
    expect(isRunning(edge)).toBe(false)
    expect(isRunning(postgres)).toBe(false)
    expect(await answerOf(again.ports.edge)).toBe('edge')
  })

  test('in a folder where one runs already brings back what is missing, shows the table and leaves', async () => {
    await using folder = await temporaryFolder()
    await using run = await startIn(folder.path)
    const { ports } = await run.up()
    const { gateway } = processesIn(folder.path)
    if (gateway === undefined) throw new Error('no gateway runs')
    process.kill(gateway.pid, 'SIGKILL')
    await until(() => run.output().includes('gateway ended by itself (SIGKILL)'))
    expect(await answerOf(ports.gateway)).toBeNull()

    await using second = await startIn(folder.path)
    expect(await second.ended).toBe(0)
    expect(second.output()).toMatch(/already runs here \(process \d+\)[^]*Roles: gateway[^]*up \{/)
    expect(await answerOf(ports.gateway)).toBe('gateway')
  })
})

describe('the cloud', () => {
  test('goes down at once and comes back, while the store\'s node goes on', async () => {
    await using folder = await temporaryFolder()
    await using run = await startIn(folder.path)
    const { ports } = await run.up()
    const { edge, gateway, origin, postgres } = processesIn(folder.path)
    if (edge === undefined || gateway === undefined || origin === undefined || postgres === undefined) throw new Error('not everything ran')

    expect(await order(folder.path, 'cloud down')).toContain('Killed: origin, gateway, Postgres.')
    expect([gateway, origin, postgres].filter(isRunning)).toEqual([])
    expect(await answerOf(ports.gateway)).toBeNull()
    expect(await answerOf(ports.edge)).toBe('edge')
    expect(await order(folder.path, 'cloud down')).toContain('The cloud is already down.')

    expect(await order(folder.path, 'cloud up')).toMatch(/Postgres[^]*Roles: origin, gateway/)
    expect(await answerOf(ports.gateway)).toBe('gateway')
    expect(processesIn(folder.path).edge).toEqual(edge)
    expect(run.output()).not.toContain('ended by itself')
  })

  test('that cannot come back says why, and can be brought back once that is mended', async () => {
    await using folder = await temporaryFolder()
    await using run = await startIn(folder.path)
    const { ports } = await run.up()
    await order(folder.path, 'cloud down')
    writeFileSync(join(folder.path, 'break-gateway'), '')
    expect(await order(folder.path, 'cloud up')).toMatch(/ROLE_FAILED gateway stopped while it started[^]*gateway found/)
    expect(await answerOf(ports.edge)).toBe('edge')
    rmSync(join(folder.path, 'break-gateway'))
    await order(folder.path, 'cloud up')
    expect(await answerOf(ports.gateway)).toBe('gateway')
  })

  test('cannot be ordered about where nothing runs', async () => {
    await using folder = await temporaryFolder()
    expect(await order(folder.path, 'cloud down')).toMatch(/^NOT_RUNNING/)
  })
})
