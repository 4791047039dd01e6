import type { HoldfastError } from '../../lib/errors.ts'
import { throwIfCancelled } from '../signal.ts'
import type { CallOptions } from '../storage.ts'
import type { Action, RemoteCall } from './errors.ts'

/** Calls to an object storage, by one connection. */
export interface RemoteCalls<C> {
  /** The connection, opened when it is first needed. */
  connect(): Promise<C>
  /**
   * Does the work of a call. Whatever it throws is told as what it means; `explain` is for parts of it that are tried again by themselves. Throws
   * `cancelled`.
   */
  run<T>(
    action: Action,
    key: string,
    call: CallOptions | undefined,
    work: (connection: C, explain: (thrown: unknown) => HoldfastError) => Promise<T>,
  ): Promise<T>
}

/** `root`: address of the storage, which keys are put behind. `error`: what a failure means. */
export function remoteCalls<C extends { clockAheadMs(): number | null }>(o: {
  readonly root: string
  readonly open: () => Promise<C>
  readonly error: (thrown: unknown, call: RemoteCall) => HoldfastError
}): RemoteCalls<C> {
  let connecting: Promise<C> | null = null

  function connect(): Promise<C> {
    connecting ??= o.open()
    return connecting
  }

  return {
    connect,
    async run(action, key, call, work) {
      throwIfCancelled(call)
      const connection = await connect()
      const explain = (thrown: unknown): HoldfastError =>
        o.error(thrown, {
          action,
          place: o.root + key,
          clockAheadMs: connection.clockAheadMs(),
          signal: call?.signal,
        })
      try {
        return await work(connection, explain)
      } catch (error) {
        throw explain(error)
      }
    },
  }
}
