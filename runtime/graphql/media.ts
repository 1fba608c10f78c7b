import { AisleError, type ErrorCode } from '../errors.ts'

export const graphqlJson = 'application/graphql-response+json'
export const plainJson = 'application/json'
export const eventStream = 'text/event-stream'

/** What clients that can take deferred parts may ask for. They get the whole answer as the first part, and none after it. */
export const deferredParts = 'multipart/mixed'

export type ResponseMedia = typeof graphqlJson | typeof plainJson | typeof eventStream | typeof deferredParts

const whole: readonly ResponseMedia[] = [graphqlJson, plainJson]

/** What was chosen for texts seen before: of whole answers alone, and of parts too. */
const [chosenWhole, chosenAny] = [new Map<string, ResponseMedia>(), new Map<string, ResponseMedia>()]
const maxChosen = 100

/**
 * Chooses the media type of a response. A client that does not say, or takes anything, gets application/json.
 * @param parts whether event streams are offered too, and deferred parts to a client that takes nothing else
 * @throws AisleError NOT_ACCEPTABLE
 */
export function negotiate(accept: string | undefined, parts = false): ResponseMedia {
  if (accept === undefined || accept.trim() === '') return plainJson
  const chosen = parts ? chosenAny : chosenWhole
  const known = chosen.get(accept)
  if (known !== undefined) return known
  const media = parts ? choose(accept, [...whole, eventStream], deferredParts) : choose(accept, whole, null)
  // Clients send few different texts; whoever sends many does not fill the memory.
  if (chosen.size >= maxChosen) chosen.clear()
  chosen.set(accept, media)
  return media
}

function choose(accept: string, offered: readonly ResponseMedia[], lastResort: ResponseMedia | null): ResponseMedia {
  const ranges = accept
    .split(',')
    .map((range) => readRange(range))
    .filter(({ quality }) => quality > 0)
    .toSorted((one, other) => other.quality - one.quality)
  for (const { type } of ranges) {
    if (type === '*/*' || type === 'application/*') return plainJson
    const match = offered.find((media) => media === type)
    if (match !== undefined) return match
  }
  if (lastResort !== null && ranges.some(({ type }) => type === lastResort)) return lastResort
  throw new AisleError('NOT_ACCEPTABLE')
}

/** The Content-Type of a response, and its text as that type has it. */
export function present(media: ResponseMedia, text: string): { readonly contentType: string; readonly text: string } {
  if (media !== deferredParts) return { contentType: `${media}; charset=utf-8`, text }
  return {
    contentType: `${media}; boundary="-"; deferSpec=20220824`,
    text: `\r\n---\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${text.slice(0, -1)},"hasNext":false}\r\n-----\r\n`,
  }
}

function readRange(range: string): { type: string; quality: number } {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  const readable = charset === undefined || /^charset="?utf-?8"?$/.test(charset)
  return { type, quality: readable ? Number(quality?.slice(2) ?? 1) || 0 : 0 }
}

/** Faults of a well-formed request: under application/json, which came first, they are answered with 200 (GraphQL over HTTP, 6.4.1). */
const wellFormed: ReadonlySet<ErrorCode> = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'OPERATION_RESOLUTION_FAILURE', 'BAD_USER_INPUT'])

export function statusFor(code: ErrorCode, status: number, media: ResponseMedia): number {
  return media === plainJson && wellFormed.has(code) ? 200 : status
}

/** True for a body that this server reads: JSON in UTF-8. */
export function isJsonContent(contentType: string | undefined): boolean {
  return contentType !== undefined && (contentType === plainJson || /^application\/json\s*(;\s*charset="?utf-?8"?\s*)?$/i.test(contentType.trim()))
}
