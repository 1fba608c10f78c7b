import type { DatabaseSync } from 'node:sqlite'
import { rows } from './statements.ts'

/** What attributes and their values are called. A number is never given to another, so that each is read once a connection. */
export class Texts {
  readonly #connection: DatabaseSync
  readonly #attributes = new Map<number, string>()
  readonly #values = new Map<number, string>()

  private constructor(connection: DatabaseSync) {
    this.#connection = connection
  }

  static #kept = new WeakMap<DatabaseSync, Texts>()

  static of(connection: DatabaseSync): Texts {
    let known = Texts.#kept.get(connection)
    if (known === undefined) Texts.#kept.set(connection, (known = new Texts(connection)))
    return known
  }

  attribute(id: number): string {
    return this.#text(this.#attributes, 'select name from search_attribute where id = ?', id)
  }

  value(id: number): string {
    return this.#text(this.#values, 'select value from search_value where id = ?', id)
  }

  #text(known: Map<number, string>, select: string, id: number): string {
    let text = known.get(id)
    if (text === undefined) known.set(id, (text = rows<[string]>(this.#connection, select, id)[0]?.[0] ?? ''))
    return text
  }
}
