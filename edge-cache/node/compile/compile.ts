import {
  getOperationAST, isAbstractType, Kind, OperationTypeNode, TypeInfo, visit, visitWithTypeInfo,
  type DocumentNode, type FragmentDefinitionNode, type GraphQLError, type GraphQLSchema,
} from 'graphql'
import { isPromise, type Later } from '../../../subgraphs/shared/soon.ts'
import { conditionVariables } from './conditions.ts'
import { Execution } from './execution.ts'
import { JsonText } from './json-text.ts'
import { planOperation, type Planned, type SelectionPlan } from './plan.ts'
import { writeSelection } from './select.ts'
import { variablesReader, type Variables } from './variables.ts'

/** What came of a query, its data written out. */
export interface WrittenResult {
  readonly data: JsonText | null
  readonly errors?: readonly GraphQLError[]
}

/** Runs one query. @throws AisleError BAD_USER_INPUT for variables that do not fit */
export type CompiledQuery = (context: object, variables: Variables) => Later<WrittenResult>

/** With more conditions than these a query has too many forms to plan each. */
const mostConditions = 6

/**
 * Compiles a validated query to closures: which fields, resolvers and arguments are meant is decided once, not for every object of every
 * answer. It means what graphql's `execute` means, in the same order; null for what is left to that: mutations, abstract types, introspection.
 */
export function compileQuery(schema: GraphQLSchema, document: DocumentNode): CompiledQuery | null {
  const operation = getOperationAST(document)
  const root = schema.getQueryType()
  if (operation?.operation !== OperationTypeNode.QUERY || root === null || root === undefined || !isPlain(schema, document)) return null
  const conditions = conditionVariables(document)
  if (conditions.length > mostConditions) return null
  const fragments: Record<string, FragmentDefinitionNode> = {}
  for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition
  const planned: Planned = { schema, operation, fragments }
  const read = variablesReader(schema, operation)
  const plans = new Map<string, SelectionPlan>()

  return (context, given) => {
    const variables = read(given)
    const form = conditions.map((name) => (variables[name] === true ? '1' : '0')).join('')
    let plan = plans.get(form)
    if (plan === undefined) plans.set(form, (plan = planOperation(planned, root, variables)))
    const execution = new Execution(context, variables)
    const fail = (error: unknown): WrittenResult => {
      execution.errors.push(error as GraphQLError)
      return result(null, execution.errors)
    }
    try {
      const text = writeSelection(execution, plan, undefined, null)
      return isPromise(text) ? text.then((settled) => result(settled, execution.errors), fail) : result(text, execution.errors)
    } catch (error) {
      return fail(error)
    }
  }
}

function result(text: string | null, errors: readonly GraphQLError[]): WrittenResult {
  const data = text === null ? null : new JsonText(text)
  return errors.length === 0 ? { data } : { data, errors }
}

/** Whether only objects and leaves are asked for, under names that an object can have without harm. */
function isPlain(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema)
  let plain = true
  visit(document, visitWithTypeInfo(types, {
    Field({ name, alias }) {
      const parent = types.getParentType()
      if (isAbstractType(parent) || name.value === '__schema' || name.value === '__type' || alias?.value === '__proto__') plain = false
    },
    InlineFragment() {
      if (isAbstractType(types.getType())) plain = false
    },
    FragmentDefinition() {
      if (isAbstractType(types.getType())) plain = false
    },
  }))
  return plain
}
