import { spawnSync } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from '@jest/globals'
import { z } from 'zod'
import { manifestSchema, type Manifest } from './manifest.ts'

const charts = fileURLToPath(new URL('../', import.meta.url))

/** The `helm` to test with: `HELM_PATH`, else the first on the PATH; null when there is none. */
export function findHelm(): string | null {
  const { HELM_PATH, PATH = '' } = process.env
  const places = HELM_PATH === undefined ? PATH.split(delimiter).map((folder) => join(folder, 'helm')) : [HELM_PATH]
  return places.find(isExecutable) ?? null
}

/** Like `describe`, but skipped, saying why, where no helm is installed. */
export function describeWithHelm(name: string, tests: () => void): void {
  if (findHelm() === null) {
    const reason = `${name}: skipped, there is no helm here; install it, or set HELM_PATH`
    process.stderr.write(`${reason}\n`) // jest keeps the names of skipped tests to itself
    test.skip(reason, () => {})
    return
  }
  describe(name, tests)
}

/** What a run of helm came to. */
export interface HelmRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs helm in the folder of the charts. */
export function helm(...parameters: string[]): HelmRun {
  const program = findHelm()
  if (program === null) throw new Error('No helm found: install it, or set HELM_PATH')
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { cwd: charts, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
  if (error !== undefined) throw error
  return { status, stdout, stderr }
}

/**
 * The objects that a chart makes.
 * @param release the name it is installed under.
 * @param parameters further ones for `helm template`, such as `--set` and its value.
 */
export function render(release: string, chart: string, ...parameters: string[]): readonly Manifest[] {
  const key = [release, chart, ...parameters].join(' ')
  let manifests = rendered.get(key)
  if (manifests === undefined) {
    manifests = z.array(manifestSchema).parse(parseDocuments(template(release, chart, ...parameters)))
    rendered.set(key, manifests)
  }
  return manifests
}

/** Charts do not change while a test file runs. */
const rendered = new Map<string, readonly Manifest[]>()

function template(...parameters: string[]): string {
  const { status, stdout, stderr } = helm('template', ...parameters)
  if (status !== 0) throw new Error(stderr)
  return stdout
}

const reader = `
{{- $items := list }}
{{- range regexSplit "(?m)^---$" (.Files.Get "rendered.yaml") -1 }}
{{- with fromYaml . }}{{ $items = append $items . }}{{ end }}
{{- end }}
{{- dict "items" $items | toJson }}
`

/** Reads YAML by helm itself: a chart around the text gives it back as JSON. */
function parseDocuments(text: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'aisle-helm-'))
  try {
    mkdirSync(join(folder, 'templates'))
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: reader\nversion: 0.0.0\n')
    writeFileSync(join(folder, 'rendered.yaml'), text)
    writeFileSync(join(folder, 'templates/items.yaml'), reader)
    const answer = template('reader', folder)
    return z.object({ items: z.unknown() }).parse(JSON.parse(answer.slice(answer.indexOf('{')))).items
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
