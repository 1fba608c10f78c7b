import { type ASTNode, type DirectiveNode, type InterfaceTypeDefinitionNode, Kind, type ObjectTypeDefinitionNode } from 'graphql'

/** The arguments of every use of a directive on a node, enums and strings as text. */
export function directiveArguments(node: { readonly directives?: readonly DirectiveNode[] | undefined }, name: string): Record<string, string>[] {
  return (node.directives ?? [])
    .filter((directive) => directive.name.value === name)
    .map((directive) =>
      Object.fromEntries(
        (directive.arguments ?? []).flatMap(({ name: argument, value }) =>
          value.kind === Kind.STRING || value.kind === Kind.ENUM ? [[argument.value, value.value]] : [],
        ),
      ),
    )
}

/** True for object types and interfaces. */
export function objectLike(node: ASTNode): node is ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION
}
