import { Option } from 'commander'

/** What an environment variable may hold to say that its flag is not given. */
const off: ReadonlySet<string> = new Set(['', '0', 'false', 'no', 'off'])

/**
 * A flag without a value, such as `--production` or `--no-compression`, that an environment variable can give too. The
 * command line library looks only at whether the variable is there; here `false` and its like mean that the flag is not given.
 */
export function switchOption(flags: string, description: string, variable: string): Option {
  const option = new Option(flags, description)
  const value = process.env[variable]
  return value !== undefined && off.has(value.trim().toLowerCase()) ? option : option.env(variable)
}
