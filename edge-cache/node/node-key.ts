import { createHash } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose'
import { z } from 'zod'
import { AisleError } from '../../runtime/errors.ts'
import { nodeToken } from '../enrolment.ts'

const fileName = 'node-key.json'

const fileShape = z.object({
  key: z.looseObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() }),
  /** When origin has taken this key, epoch milliseconds; null until it has. */
  enrolledAt: z.number().nullable(),
})

type KeyFile = z.output<typeof fileShape>

/** How long a signature is good for, and how old it is when the next is made, in seconds. */
const validitySeconds = 300
const renewSeconds = 120

/** A node's own key, which never leaves its directory, and what is signed with it. */
export class NodeKey {
  readonly #file: string
  readonly #storeId: string
  readonly #key: JWK
  /** The key's thumbprint. */
  readonly nodeId: string
  #enrolledAt: number | null
  /** Milliseconds to add to this machine's clock to have origin's: the clock of a box in a store is often wrong. */
  #clockOffsetMs = 0
  #signed: { readonly token: string; readonly renewAt: number } | null = null

  private constructor(file: string, storeId: string, nodeId: string, { key, enrolledAt }: KeyFile) {
    this.#file = file
    this.#storeId = storeId
    this.#key = key
    this.nodeId = nodeId
    this.#enrolledAt = enrolledAt
  }

  /**
   * Opens the key in a node's directory.
   * @param create makes one where there is none
   * @returns null where there is none
   * @throws AisleError CONFIG_INVALID when the file there is no key
   */
  static async open(directory: string, storeId: string, create: boolean): Promise<NodeKey | null> {
    const file = join(directory, fileName)
    const known = await read(file)
    if (known === null && !create) return null
    const content = known ?? (await make(directory, file))
    return new NodeKey(file, storeId, await calculateJwkThumbprint(publicPart(content.key)), content)
  }

  /** Whether origin has taken this key. */
  get enrolled(): boolean {
    return this.#enrolledAt !== null
  }

  /** Remembers that origin has taken this key. */
  async markEnrolled(): Promise<void> {
    this.#enrolledAt = Date.now()
    await write(this.#file, { key: this.#key as KeyFile['key'], enrolledAt: this.#enrolledAt })
  }

  /** Takes note of origin's time as an answer's Date header has it. */
  heardTime(date: string | undefined): void {
    const at = Date.parse(date ?? '')
    if (Number.isNaN(at)) return
    const offset = at - Date.now()
    // The header has whole seconds, and the answer took its time.
    if (Math.abs(offset - this.#clockOffsetMs) < 5_000) return
    this.#clockOffsetMs = offset
    this.#signed = null
  }

  /** What goes into the Authorization header of a request to origin. */
  async authorization(): Promise<string> {
    const now = performance.now()
    if (this.#signed === null || now > this.#signed.renewAt) this.#signed = { token: await this.#sign(nodeToken.type, {}), renewAt: now + renewSeconds * 1000 }
    return `Bearer ${this.#signed.token}`
  }

  /** The body of the request that enrols this key. */
  async enrolment(code: string): Promise<string> {
    const proof = await this.#sign(nodeToken.enrolType, { code: createHash('sha256').update(code.trim().toUpperCase()).digest('hex') })
    return JSON.stringify({ code, publicKey: publicPart(this.#key), storeId: this.#storeId, proof })
  }

  async #sign(typ: string, claims: Readonly<Record<string, string>>): Promise<string> {
    const now = Math.floor((Date.now() + this.#clockOffsetMs) / 1000)
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: nodeToken.algorithm, typ, kid: this.nodeId })
      .setIssuer(this.nodeId)
      .setSubject(this.#storeId)
      .setAudience(nodeToken.audience)
      .setIssuedAt(now)
      .setExpirationTime(now + validitySeconds)
      .sign(await importJWK(this.#key, nodeToken.algorithm))
  }
}

function publicPart({ kty, crv, x }: JWK): { kty: string; crv: string; x: string } {
  return { kty: kty ?? '', crv: crv ?? '', x: x ?? '' }
}

async function read(file: string): Promise<KeyFile | null> {
  try {
    const content = fileShape.parse(JSON.parse(await readFile(file, 'utf8')))
    // A disk that takes nothing keeps no node from its key.
    await chmod(file, 0o600).catch(() => {})
    return content
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    // Whoever opens the directory next says what is wrong with it.
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    if (code !== undefined) throw new AisleError('CONFIG_INVALID', `The node's key ${file} cannot be read: ${message}. Let this user read it.`, { cause })
    throw new AisleError('CONFIG_INVALID', `The node's key ${file} cannot be read: enrol the node again with a new code, and without this file.`, { cause })
  }
}

async function make(directory: string, file: string): Promise<KeyFile> {
  await mkdir(directory, { recursive: true })
  const { privateKey } = await generateKeyPair(nodeToken.algorithm, { crv: 'Ed25519', extractable: true })
  const content = fileShape.parse({ key: await exportJWK(privateKey), enrolledAt: null })
  await write(file, content)
  return content
}

/** Whole or not at all, also when the power fails. */
async function write(file: string, content: KeyFile): Promise<void> {
  const aside = `${file}.new`
  const handle = await open(aside, 'w', 0o600)
  try {
    await handle.writeFile(JSON.stringify(content))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(aside, file)
}
