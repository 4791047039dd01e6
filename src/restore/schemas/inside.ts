import { isHoldfastError } from '../../lib/errors.ts'
import { firstError } from '../../postgres/schema/server-error.ts'
import type { Wire } from '../../postgres/wire.ts'

/**
 * A wire on which a transaction is open, as one on which none is: each call is whole or has done nothing, and a transaction that is begun,
 * committed or rolled back is one inside of the open one. So all that restores over wires of its own can do it inside of one transaction.
 */
export function inside(wire: Wire): Wire {
  /** Somebody has begun a transaction, whose failures end it as a whole. */
  let begun = false
  const whole = async <T>(work: () => Promise<T>): Promise<T> => {
    if (begun) return await work()
    await wire.query('SAVEPOINT inside')
    try {
      const result = await work()
      await wire.query('RELEASE SAVEPOINT inside')
      return result
    } catch (error) {
      // After anything else the connection is gone, or of no use.
      if (isHoldfastError(error, 'query_failed') || isHoldfastError(error, 'lock_timeout')) {
        await wire.query('ROLLBACK TO SAVEPOINT inside; RELEASE SAVEPOINT inside')
      }
      throw error
    }
  }
  return {
    ...wire,
    async query(sql) {
      switch (sql) {
        case 'BEGIN':
          await wire.query('SAVEPOINT begun')
          begun = true
          return []
        case 'COMMIT':
          await wire.query('RELEASE SAVEPOINT begun')
          begun = false
          return []
        case 'ROLLBACK':
          if (begun) await wire.query('ROLLBACK TO SAVEPOINT begun; RELEASE SAVEPOINT begun')
          begun = false
          return []
        default:
          return await whole(() => wire.query(sql))
      }
    },
    copyIn: (sql, source) => whole(() => wire.copyIn(sql, source)),
    async exchange(messages) {
      if (begun) return await wire.exchange(messages)
      await wire.query('SAVEPOINT inside')
      const answer = await wire.exchange(messages)
      const failed = firstError(answer) !== null
      await wire.query(`${failed ? 'ROLLBACK TO SAVEPOINT inside; ' : ''}RELEASE SAVEPOINT inside`)
      return answer
    },
  }
}
