import { outcomeRetentionMs, readingRetentionMs } from '../storage/entities.ts'

const hourMs = 3_600_000

/**
 * The first instant (epoch milliseconds) whose readings a store holds at a batch moved at `at`. Whole hours, so that dropping
 * what is out of retention is rare work; a function of the log alone, so that equal replicas stay equal.
 */
export function readingsHeldSince(at: number): number {
  return Math.floor(at / hourMs) * hourMs - readingRetentionMs
}

/** The same for the outcomes of a store's writes, by when they were recorded. */
export function outcomesHeldSince(at: number): number {
  return Math.floor(at / hourMs) * hourMs - outcomeRetentionMs
}
