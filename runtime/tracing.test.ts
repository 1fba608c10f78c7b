import { expect, test } from '@jest/globals'
import { startCollector } from '../test/environment/collector.ts'
import { until } from '../test/environment/wait.ts'
import { createLogger } from './log.ts'
import { currentRequest, openRequest, runRequest } from './request.ts'
import { noSpan, noTracing } from './tracing.ts'
import { openTracing } from './tracing/otlp.ts'
import { readTraceContext, writeTraceContext } from './tracing/w3c.ts'

const traceId = 'aaaabbbbccccddddeeeeffff00001111'
const log = createLogger('test', 'silent')

test('what is not sampled by whoever began the trace is not kept, and says so to others', async () => {
  await using collector = await startCollector()
  await using tracing = openTracing({ endpoint: collector.url, ratio: 1, role: 'test', log, everyMs: 20 })
  const unsampled = tracing.serve('a', { traceparent: `00-${traceId}-1234567890abcdef-00` })
  expect(unsampled.recording).toBe(false)
  expect(unsampled.child('b', 'client').headers).toEqual({ traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`)) })
  const sampled = tracing.serve('c', { traceparent: `00-${traceId}-1234567890abcdef-01`, tracestate: 'shop=7' })
  expect(sampled.headers).toEqual({ traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`)), tracestate: 'shop=7' })
  sampled.end()
  await until('the span', () => collector.spans.length > 0)
  expect(collector.spans.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([['c', '1234567890abcdef']])
})

test('of new traces only the part that is asked for is kept; the others are named to whoever is asked on their behalf', async () => {
  await using none = openTracing({ endpoint: 'http://127.0.0.1:1', ratio: 0, role: 'test', log })
  const headers = new Set<string>()
  for (const span of [none.serve('a', {}), none.begin('b', 'internal'), none.serve('c', { traceparent: 'malformed' })]) {
    expect([span.recording, span.child('d', 'client').recording]).toEqual([false, false])
    expect(span.headers?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(span.child('d', 'client').headers).toEqual(span.headers)
    expect(span.headers?.traceparent).toContain(span.traceId)
    headers.add(span.headers?.traceparent ?? '')
  }
  expect(headers.size).toBe(3)
  await using tenth = openTracing({ endpoint: 'http://127.0.0.1:1', ratio: 0.1, role: 'test', log })
  const kept = Array.from({ length: 10_000 }, () => tenth.begin('a', 'internal')).filter(({ recording }) => recording).length
  // More than ten standard deviations from what must be expected.
  expect(kept).toBeGreaterThan(700)
  expect(kept).toBeLessThan(1_300)
})

test('a collector that hangs, or is away, costs its spans and nothing else', async () => {
  await using hanging = await startCollector(true)
  for (const endpoint of [hanging.url, 'http://127.0.0.1:1']) {
    const tracing = openTracing({ endpoint, ratio: 1, role: 'test', log, everyMs: 10 })
    const before = process.memoryUsage().heapUsed
    for (let index = 0; index < 50_000; index++) tracing.serve('a', {}).end()
    if (endpoint === hanging.url) await until('an export', () => hanging.requests() > 0)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150 * 1024 * 1024)
    const started = performance.now()
    await tracing[Symbol.asyncDispose]()
    expect(performance.now() - started).toBeLessThan(10_000)
  }
})

test('tracing that is off is one constant', () => {
  const span = noTracing.serve('a', {})
  expect([span, span.child('b', 'client'), noTracing.begin('c', 'client')]).toEqual([noSpan, noSpan, noSpan])
  expect(span.headers).toBeNull()
})

test.each(['', `ff-${traceId}-1234567890abcdef-01`, `00-${'0'.repeat(32)}-1234567890abcdef-01`, `00-${traceId}-${'0'.repeat(16)}-01`, `00-${traceId}-1234567890abcdef-01-more`, `00-${traceId.toUpperCase()}-1234567890abcdef-01`, `00-${traceId}`])(
  'a traceparent that is none is no parent: %j',
  (text) => expect(readTraceContext(text, undefined)).toBeNull(),
)

test('a later version of traceparent is read as far as it is known', () => {
  const found = readTraceContext(`01-${traceId}-1234567890abcdef-01-more`, undefined)
  expect(found && writeTraceContext(found)).toEqual({ traceparent: `00-${traceId}-1234567890abcdef-01` })
})

test('a request keeps its id over awaits, and one that is not well-formed gets another', async () => {
  const kept = openRequest({ 'x-request-id': 'a.b-1' }, noTracing, 'a')
  await runRequest(kept, async () => {
    await new Promise((resolve) => setImmediate(resolve))
    expect(currentRequest()?.id).toBe('a.b-1')
  })
  expect(currentRequest()).toBeUndefined()
  for (const bad of ['', 'two words', 'a\n"b', 'x'.repeat(129)]) {
    const headers = { 'x-request-id': bad }
    const { id } = openRequest(headers, noTracing, 'a')
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers['x-request-id']).toBe(id)
  }
})
