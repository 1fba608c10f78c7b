import { default as EditorWorker } from 'monaco-editor/esm/vs/editor/editor.worker.js?worker'
import { default as JsonWorker } from 'monaco-editor/esm/vs/language/json/json.worker.js?worker'
import { default as GraphQLWorker } from 'monaco-graphql/esm/graphql.worker.js?worker'

/**
 * Tells the editor how to start its workers. GraphiQL's own set-up module does the same, but logs to the console
 * and breaks vite's pre-bundling.
 */
export function provideWorkers(): void {
  window.MonacoEnvironment = {
    getWorker(_id: string, label: string): Worker {
      switch (label) {
        case 'graphql':
          return new GraphQLWorker()
        case 'json':
          return new JsonWorker()
        default:
          return new EditorWorker()
      }
    },
  }
}
