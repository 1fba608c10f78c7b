import { GraphQLBoolean, type GraphQLEnumType, GraphQLFloat, GraphQLID, GraphQLInt, type GraphQLScalarType, GraphQLString, isEnumType } from 'graphql'

/** Writes a leaf as JSON; null when the value is not one of the type's. `plain` says that no string needs an escape. */
export type WriteLeaf = (value: unknown, plain: boolean) => string | null

/** How values of a leaf type are written. Custom scalars may be any JSON and pass as they are. */
export function compileLeaf(type: GraphQLScalarType | GraphQLEnumType): WriteLeaf {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name }) => [name, JSON.stringify(name)]))
    return (value) => (typeof value === 'string' ? (texts.get(value) ?? null) : null)
  }
  switch (type.name) {
    case GraphQLString.name:
      return (value, plain) => (typeof value === 'string' ? writeString(value, plain) : null)
    case GraphQLID.name:
      return (value, plain) => (typeof value === 'string' ? writeString(value, plain) : Number.isInteger(value) ? `"${String(value)}"` : null)
    case GraphQLInt.name:
      return (value) => (Number.isInteger(value) ? String(value) : null)
    case GraphQLFloat.name:
      return (value) => (typeof value === 'number' ? JSON.stringify(value) : null)
    case GraphQLBoolean.name:
      return (value) => (value === true ? 'true' : value === false ? 'false' : null)
    default:
      return (value) => JSON.stringify(value)
  }
}

/** A string as JSON. @param plain it is known to need no escape */
export function writeString(value: string, plain: boolean): string {
  return plain ? `"${value}"` : JSON.stringify(value)
}
