/** What one server is for. */
export interface ServerUse {
  readonly port: number
  /** False trades safety after a power cut for speed: for data that can be made again. */
  readonly durable: boolean
}

/** Settings for a laptop that runs everything else too. Passed on the command line, so that no file of the data directory has to be kept in step. */
export function serverSettings({ port, durable }: ServerUse): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '256MB',
    work_mem: '16MB',
    maintenance_work_mem: '128MB',
    effective_cache_size: '1GB',
    random_page_cost: 1.1,
    jit: 'off',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'error',
    // A statement may carry what a customer bought: only its error is logged.
    log_statement: 'none',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
