import { z } from 'zod'

/** How many products the demo chain sells, by name. */
export const demoSizes = { small: 600, medium: 4_000, large: 50_000 } as const

/** A name, or a number of products. */
export const demoSizeSchema = z.union([z.enum(['small', 'medium', 'large']), z.coerce.number().int().min(1).max(1_000_000)], {
  error: 'must be small, medium, large or a number of products',
})

export type DemoSize = z.output<typeof demoSizeSchema>

export const defaultDemoSize = 'small' satisfies DemoSize

export function productsOf(size: DemoSize): number {
  return typeof size === 'number' ? size : demoSizes[size]
}
