import {
  getVariableValues, GraphQLID, GraphQLInt, GraphQLString, isNonNullType, typeFromAST, valueFromAST,
  type GraphQLInputType, type GraphQLSchema, type OperationDefinitionNode,
} from 'graphql'
import { AisleError } from '../../../runtime/errors.ts'

export type Variables = Readonly<Record<string, unknown>>

/** Most faults of variables that are listed. */
const mostFaults = 50

/** What graphql makes of a value of this type, where that is the value itself; undefined where graphql must be asked. */
type Plain = (value: unknown) => boolean

const isString: Plain = (value) => typeof value === 'string'
const isInt: Plain = (value) => Number.isInteger(value) && Math.abs(value as number) <= 0x7fffffff

interface Declared {
  readonly name: string
  readonly plain: Plain | null
  readonly required: boolean
  readonly fallback: unknown
}

/**
 * Reads the variables of an operation as graphql does; those that are plain texts and numbers, as most are, without it.
 * @throws AisleError BAD_USER_INPUT
 */
export function variablesReader(schema: GraphQLSchema, operation: OperationDefinitionNode): (given: Variables) => Variables {
  const definitions = operation.variableDefinitions ?? []
  const declared = definitions.map(({ variable, type: node, defaultValue }): Declared => {
    const type = typeFromAST(schema, node) as GraphQLInputType
    return {
      name: variable.name.value,
      plain: plainTest(isNonNullType(type) ? type.ofType : type),
      required: isNonNullType(type) && defaultValue === undefined,
      fallback: defaultValue === undefined ? undefined : valueFromAST(defaultValue, type),
    }
  })

  return (given) => {
    const values: Record<string, unknown> = {}
    for (const { name, plain, required, fallback } of declared) {
      const value = given[name]
      if (value === undefined && !required) {
        if (fallback !== undefined) values[name] = fallback
      } else if (plain !== null && plain(value)) {
        values[name] = value
      } else {
        return slowly(schema, definitions, given)
      }
    }
    return values
  }
}

function slowly(schema: GraphQLSchema, definitions: OperationDefinitionNode['variableDefinitions'], given: Variables): Variables {
  const { coerced, errors } = getVariableValues(schema, definitions ?? [], given, { maxErrors: mostFaults })
  if (coerced === undefined) throw new AisleError('BAD_USER_INPUT', errors.map(({ message }) => message).join('\n'))
  return coerced
}

function plainTest(type: GraphQLInputType): Plain | null {
  if (type === GraphQLID || type === GraphQLString) return isString
  return type === GraphQLInt ? isInt : null
}
