import { Counter, Gauge, Histogram } from 'prom-client'
import { Durations } from '../../../../runtime/durations.ts'

// Loaded before the gateway's own code: nothing is observed or counted any more, so that what that costs can be measured. There is no such switch.
const nothing = (): void => {}
Durations.prototype.took = nothing
Histogram.prototype.observe = nothing
Counter.prototype.inc = nothing
for (const method of ['inc', 'dec', 'set'] as const) Gauge.prototype[method] = nothing
