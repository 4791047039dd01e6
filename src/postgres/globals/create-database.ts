import { HoldfastError } from '../../lib/errors.ts'
import type { Connection } from '../connect.ts'
import { createStatement, fallbackLocales, type DatabaseTarget } from './plan-database.ts'
import type { DatabaseProperties } from './types.ts'

/** SQLSTATEs of CREATE DATABASE for a locale it cannot use: unknown to libc; unknown to ICU, or not for this encoding; no ICU. */
const localeRefused: ReadonlySet<string> = new Set(['42809', '22023', '0A000'])

/**
 * Makes the database. There is no way to ask a server which libc locales its system has, so it is tried. Where the
 * locale is refused: throws `target_lacks`, or with `allowLocaleFallback` takes the nearest locale there is, and
 * says in `differing` what that changes. Throws `target_exists` if the name is taken.
 */
export async function createDatabase(options: {
  readonly connection: Connection
  readonly properties: DatabaseProperties
  readonly targetName: string
  readonly target: DatabaseTarget
  readonly allowLocaleFallback: boolean
}): Promise<{ differing: string[] }> {
  const { connection, properties, targetName, target } = options
  const create = (as: DatabaseProperties): Promise<unknown> =>
    connection.query(createStatement(as, targetName, target.tablespaces.has(as.tablespace)))
  const refusal = await attempt(() => create(properties), targetName)
  if (refusal === undefined) return { differing: [] }
  if (!options.allowLocaleFallback) {
    throw new HoldfastError(
      'target_lacks',
      `The server cannot make a database with ${localeText(properties)}: ${refusal.message}`,
      {
        cause: refusal,
        hint: 'Install the locale on the database host and restart the server, or make the database yourself with another locale and restore into it.',
        details: { locale: localeText(properties), encoding: properties.encoding },
      },
    )
  }
  for (const other of fallbackLocales(properties, target.major)) {
    if ((await attempt(() => create(other), targetName)) === undefined)
      return { differing: [fallbackText(properties, other)] }
  }
  throw refusal
}

/** Undefined: it worked. The error of a locale that is refused is returned, every other thrown. */
async function attempt(run: () => Promise<unknown>, targetName: string): Promise<HoldfastError | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    const sqlstate = error instanceof HoldfastError ? String(error.details['sqlstate']) : ''
    if (error instanceof HoldfastError && localeRefused.has(sqlstate)) return error
    if (sqlstate === '42P04') {
      throw new HoldfastError('target_exists', `The server has a database named ${targetName} already.`, {
        cause: error,
      })
    }
    throw error
  }
}

function fallbackText(wanted: DatabaseProperties, made: DatabaseProperties): string {
  const instead = `the server lacks ${localeText(wanted)}, the database was made with ${localeText(made)}`
  const sameOrder = wanted.localeProvider === made.localeProvider && wanted.localeProvider !== 'libc'
  return sameOrder
    ? `${instead}; the order of texts is the same`
    : `${instead}; the order of texts, and what upper and lower case mean, may differ`
}

function localeText(p: DatabaseProperties): string {
  const libc = p.collate === p.ctype ? p.collate : `${p.collate} / ${p.ctype}`
  return p.locale === null
    ? `the libc locale ${libc}`
    : `the ${p.localeProvider} locale ${p.locale} (libc ${libc})`
}
