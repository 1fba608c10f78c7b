import { expect, test } from '@jest/globals'
import { commandLineOf } from './testing/command-line.ts'
import { describeWithHelm, render } from './testing/helm.ts'
import { installations } from './testing/installations.ts'
import { workloadsOf, type Container } from './testing/manifest.ts'

const roles = ['gateway', 'subgraph', 'origin', 'migrate', 'edge']

/** Settings that roles read without a flag: a secret has no place on a command line. */
const commonVariables = ['AISLE_LOG_LEVEL', 'AISLE_CONTEXT_SECRET']
/** What Node itself reads. */
const nodeVariables = ['NODE_OPTIONS', 'NODE_COMPILE_CACHE']

function containers(): Container[] {
  const workloads = installations.flatMap(({ chart, parameters }) => workloadsOf(render('shop', chart, ...parameters)))
  return workloads.map(({ container }) => container)
}

/** What the charts decide for themselves, or leave out, and why. */
const notForValues: Readonly<Record<string, readonly string[]>> = {
  // Pods listen at all addresses. The secret comes in AISLE_CONTEXT_SECRET.
  gateway: ['--host', '--context-secret-file'],
  subgraph: ['--host', '--context-secret-file'],
  // --require-enrolment is the same.
  origin: ['--host', '--production'],
  edge: ['--host'],
  migrate: [],
}

describeWithHelm('the command lines in the charts', () => {
  test('are of roles, started as in the image', () => {
    const used = new Set(containers().flatMap(({ args }) => args.slice(0, 1)))
    expect([...used].toSorted((a, b) => a.localeCompare(b))).toEqual(roles.toSorted((a, b) => a.localeCompare(b)))
    for (const { command, workingDir } of containers()) {
      expect({ command, workingDir }).toEqual({ command: ['node', 'aisle.ts'], workingDir: '/app' })
    }
  })

  for (const role of roles) {
    test(`aisle ${role} knows every flag and variable that it is given`, () => {
      const commandLine = commandLineOf(role)
      const given = containers().filter(({ args }) => args[0] === role)
      const flags = given.flatMap(({ args }) => args).filter((parameter) => parameter.startsWith('--')).map((parameter) => parameter.split('=', 1)[0])
      const variables = given.flatMap(({ env }) => env).map(({ name }) => name)
      expect([...commandLine.flags]).toEqual(expect.arrayContaining(flags))
      expect([...commandLine.variables, ...commonVariables, ...nodeVariables]).toEqual(expect.arrayContaining(variables))
    })

    test(`every flag of aisle ${role} is given by some value`, () => {
      const { flags, flagOf } = commandLineOf(role)
      const given = containers().filter(({ args }) => args[0] === role)
      const reached = new Set([
        ...given.flatMap(({ args }) => args).filter((parameter) => parameter.startsWith('--')).map((parameter) => parameter.split('=', 1)[0]),
        ...given.flatMap(({ env }) => env).map(({ name }) => flagOf.get(name)),
      ])
      expect([...flags].filter((flag) => !reached.has(flag)).toSorted()).toEqual((notForValues[role] ?? []).toSorted())
    })
  }
})
