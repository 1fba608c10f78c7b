import { pino, type Logger } from 'pino'

export type { Logger } from 'pino'

/** JSON lines on standard output; secrets are cut out wherever they are logged. */
export function createLogger(role: string, level = process.env.AISLE_LOG_LEVEL ?? 'info'): Logger {
  return pino({
    level,
    base: { role },
    redact: {
      paths: ['authorization', '*.authorization', 'headers.cookie', '*.headers.cookie', 'password', '*.password', 'databaseUrl', '*.databaseUrl'],
      censor: '[redacted]',
    },
  })
}
