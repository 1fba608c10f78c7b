import {
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { Caller } from '../../runtime/identity/caller.ts'
import type { AccessRules } from './rules.ts'

/** What of one document a caller may see. */
export interface Access {
  /** True when the field is not to be fetched for an object of this type, and is shown as null with an error. */
  denies(field: FieldNode, type: string): boolean
  /** The types for which a field of an interface may be fetched; null where that makes no difference. */
  openTypes(field: FieldNode, parent: GraphQLCompositeType): readonly GraphQLObjectType[] | null
}

/** Everything may be seen. */
export const openAccess: Access = { denies: () => false, openTypes: () => null }

/** The protected fields of one document, found once when it is prepared. */
export class ProtectedFields {
  readonly #schema: GraphQLSchema
  readonly #rules: AccessRules
  /** The rule of each selected field by the type it is written under, for those that have one. */
  readonly #written = new Map<FieldNode, number>()
  /** Every rule that a caller's rights can matter for. */
  readonly #touched: readonly number[]

  constructor(schema: GraphQLSchema, rules: AccessRules, document: DocumentNode) {
    this.#schema = schema
    this.#rules = rules
    this.#touched = rules.empty ? [] : this.#find(document)
  }

  /** True when nothing that the document selects is protected. */
  get none(): boolean {
    return this.#touched.length === 0
  }

  /** Which of the rules a caller meets, as text: callers for whom it is equal see the same of this document. Empty when all are met. */
  grantsOf(caller: Caller): string {
    if (this.#touched.length === 0 || caller.unrestricted) return ''
    let text = ''
    let all = true
    for (const rule of this.#touched) {
      const granted = this.#rules.grants(caller, rule)
      all &&= granted
      text += granted ? '1' : '0'
    }
    return all ? '' : text
  }

  /** What callers with these grants may see. */
  accessFor(grants: string): Access {
    if (grants === '') return openAccess
    const denied = new Set(this.#touched.filter((_, index) => grants[index] !== '1'))
    const isDenied = (rule: number | undefined): boolean => rule !== undefined && denied.has(rule)
    const denies = (field: FieldNode, type: string): boolean => isDenied(this.#written.get(field)) || isDenied(this.#rules.ruleOf(type, field.name.value))
    return {
      denies,
      openTypes: (field, parent) => {
        if (!isInterfaceType(parent) || field.name.value.startsWith('__')) return null
        const types = this.#schema.getPossibleTypes(parent)
        const open = types.filter(({ name }) => !denies(field, name))
        return open.length === types.length ? null : open
      },
    }
  }

  #find(document: DocumentNode): number[] {
    const touched = new Set<number>()
    const types = new TypeInfo(this.#schema)
    visit(
      document,
      visitWithTypeInfo(types, {
        Field: (field) => {
          const parent = types.getParentType()
          if (!isObjectType(parent) && !isInterfaceType(parent)) return
          const own = this.#rules.ruleOf(parent.name, field.name.value)
          if (own !== undefined) {
            this.#written.set(field, own)
            touched.add(own)
          }
          for (const type of this.#concrete(parent)) {
            const rule = this.#rules.ruleOf(type.name, field.name.value)
            if (rule !== undefined) touched.add(rule)
          }
        },
      }),
    )
    return [...touched].toSorted((one, other) => one - other)
  }

  #concrete(parent: GraphQLObjectType | GraphQLInterfaceType): readonly GraphQLObjectType[] {
    return isInterfaceType(parent) ? this.#schema.getPossibleTypes(parent) : []
  }
}
