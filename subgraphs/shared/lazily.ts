/**
 * Makes objects whose parts are each made when they are first asked for: for what every request has and few use all of. The makers are
 * looked at once, so that one more such object costs next to nothing.
 */
export function lazily<Source, Parts extends object>(makers: { readonly [Name in keyof Parts]: (source: Source) => Parts[Name] }): (source: Source) => Parts {
  const names = Object.keys(makers) as (keyof Parts & string)[]
  class Lazy {
    readonly source: Source
    readonly made: unknown[] = []

    constructor(source: Source) {
      this.source = source
    }
  }
  for (const [at, name] of names.entries()) {
    const make = makers[name]
    Object.defineProperty(Lazy.prototype, name, {
      enumerable: true,
      get(this: Lazy) {
        return (this.made[at] ??= make(this.source))
      },
    })
  }
  return (source) => new Lazy(source) as unknown as Parts
}
