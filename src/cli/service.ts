import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CatalogOptions, WorkerProcess } from '../main.ts'
import { localFiles, parseAddress } from '../postgres/address.ts'
import type { CommandContext, Environment } from './command.ts'
import { custom, integer, text, wrong } from './option.ts'

/** What serve, worker and catalog have in common: their options, and what these come to. */

const catalogAddress = text({
  flags: '--catalog <address>',
  description:
    'the database that holds the catalog: postgres://user@host/database; its password by PGPASSWORD or a password file',
  env: 'HOLDFAST_CATALOG',
  default: 'an embedded one, in the data directory',
})

export const catalogOptions = {
  data: text({
    flags: '--data <directory>',
    description: 'where the embedded catalog and the key of the catalog are kept',
    env: 'HOLDFAST_DATA',
    default: '.holdfast in this directory',
  }),
  catalog: catalogAddress,
  catalogKeyFile: text({
    flags: '--catalog-key-file <file>',
    description: 'the key that opens the secrets in the catalog; only its owner may read it',
    env: 'HOLDFAST_CATALOG_KEY_FILE',
    default: 'catalog.key in the data directory',
  }),
}

export const workOptions = {
  slots: integer({
    flags: '--slots <n>',
    description: 'jobs that run at once here',
    env: 'HOLDFAST_SLOTS',
    min: 1,
    max: 64,
    default: 2,
  }),
  grace: integer({
    flags: '--grace <seconds>',
    description: 'how long jobs may take to end when it is stopped; after that they are put back',
    env: 'HOLDFAST_GRACE',
    min: 0,
    max: 86_400,
    default: 30,
  }),
}

const listenFlags = '--listen <address>'
export const listen = custom({
  flags: listenFlags,
  description:
    'where the API listens: HOST:PORT or PORT. Put a proxy with TLS before any other than this machine',
  env: 'HOLDFAST_LISTEN',
  default: '127.0.0.1:7380',
  read(given = '127.0.0.1:7380') {
    const [, ipv6, name, port = ''] = /^(?:(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):)?(\d{1,5})$/.exec(given) ?? []
    if (port === '' || Number(port) > 65_535)
      throw wrong({ flags: listenFlags }, given, 'give HOST:PORT, [IPV6]:PORT or PORT')
    return { host: ipv6 ?? name ?? '127.0.0.1', port: Number(port) }
  },
})

const publicUrlFlags = '--public-url <url>'
/** Null: where the service listens. */
export const publicUrl = custom({
  flags: publicUrlFlags,
  description:
    'where people reach the service, behind a proxy with TLS: https://backups.example.com. Sessions, links in mails and limits by address go by it',
  env: 'HOLDFAST_PUBLIC_URL',
  default: 'where the API listens',
  read(given) {
    if (given === undefined) return null
    const url = URL.parse(given)
    const plain = url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === ''
    if (!plain || url.hash !== '' || url.username !== '')
      throw wrong({ flags: publicUrlFlags }, given, 'give https:// and a host, and no path')
    return url.origin
  },
})

const uploadFlags = '--upload-limit <size>'
export const uploadLimit = custom({
  flags: uploadFlags,
  description: 'how large an archive that is uploaded may be, in bytes or as 500MB, 20GB, 2TB',
  env: 'HOLDFAST_UPLOAD_LIMIT',
  default: '100GB',
  read(given = '100GB') {
    const [, number = '', unit = 'B'] = /^(\d{1,12})(B|kB|MB|GB|TB)?$/.exec(given) ?? []
    const bytes = Number(number) * 1000 ** ['B', 'kB', 'MB', 'GB', 'TB'].indexOf(unit)
    if (number === '' || !Number.isSafeInteger(bytes))
      throw wrong({ flags: uploadFlags }, given, 'give a size such as 20GB')
    return bytes
  },
})

interface CatalogInput {
  readonly data: string | undefined
  readonly catalog: string | undefined
  readonly catalogKeyFile: string | undefined
}

export function catalogOf({ env, signal, redactor }: CommandContext, input: CatalogInput): CatalogOptions {
  if (input.catalog !== undefined) redactor.addAddress(input.catalog)
  return {
    data: resolve(input.data ?? '.holdfast'),
    catalog: input.catalog === undefined ? null : parseAddress(input.catalog, env, localFiles),
    keyFile: input.catalogKeyFile === undefined ? null : resolve(input.catalogKeyFile),
    signal,
  }
}

export function workerOf(
  context: CommandContext,
  input: CatalogInput & { readonly slots: number; readonly grace: number },
): WorkerProcess {
  const { out, clock, env } = context
  return {
    ...catalogOf(context, input),
    slots: input.slots,
    graceMs: input.grace * 1000,
    name: `${hostname()}:${process.pid}`,
    log: (line) => out.note(`${clock.now().toISOString()} ${line}`),
    commandLine: {
      program: process.execPath,
      arguments: [...process.execArgv, fileURLToPath(new URL('./main.ts', import.meta.url))],
      env: jobEnvironment(env),
    },
  }
}

/** What is meant for this process, or would name another database or repository, is not passed on to commands. */
function jobEnvironment(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !/^(HOLDFAST_|PG[A-Z])/.test(name))
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
