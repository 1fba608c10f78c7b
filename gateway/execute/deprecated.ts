import { type DocumentNode, getNamedType, type GraphQLEnumValue, type GraphQLField, type GraphQLArgument, type GraphQLInputField, type GraphQLSchema, TypeInfo, visit, visitWithTypeInfo } from 'graphql'

type Deprecable = Pick<GraphQLField<unknown, unknown> | GraphQLArgument | GraphQLInputField | GraphQLEnumValue, 'deprecationReason'>

/**
 * The schema coordinates of everything deprecated that a valid document names: fields, arguments, input fields and enum values.
 * What stands in variables is not seen.
 */
export function deprecatedIn(schema: GraphQLSchema, document: DocumentNode): readonly string[] {
  const found = new Set<string>()
  const note = (member: Deprecable | null | undefined, coordinate: () => string): void => {
    if (member?.deprecationReason !== undefined && member.deprecationReason !== null) found.add(coordinate())
  }
  const types = new TypeInfo(schema)
  const field = (): string => `${types.getParentType()?.name ?? ''}.${types.getFieldDef()?.name ?? ''}`
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: () => note(types.getFieldDef(), field),
      Argument({ name }) {
        const directive = types.getDirective()
        note(types.getArgument(), () => (directive ? `@${directive.name}(${name.value}:)` : `${field()}(${name.value}:)`))
      },
      ObjectField({ name }) {
        const parent = getNamedType(types.getParentInputType())
        const fields = parent !== undefined && 'getFields' in parent ? parent.getFields() : {}
        note(fields[name.value] as Deprecable | undefined, () => `${parent?.name ?? ''}.${name.value}`)
      },
      EnumValue: ({ value }) => note(types.getEnumValue(), () => `${getNamedType(types.getInputType())?.name ?? ''}.${value}`),
    }),
  )
  return [...found].toSorted()
}
