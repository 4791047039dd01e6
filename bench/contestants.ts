import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A program that backs up and restores, as command lines. */
export interface Contestant {
  readonly name: string
  /** True for Holdfast, which is compared with all others. */
  readonly ours: boolean
  /** Made before each full backup, outside of the measured time. */
  prepare(paths: { readonly store: string }): Promise<void>
  backup(options: { readonly url: string; readonly store: string }): Command
  restore(options: { readonly url: string; readonly store: string }): Command
  /** Brings back the rows of one table that are gone, in the database they are gone from. Null for who can't. */
  readonly recover:
    ((options: { readonly url: string; readonly store: string; readonly table: string }) => Command) | null
}

export interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Holdfast of this checkout, as a user starts it, start-up included. `home` takes its keys, so the user's own are left alone. */
export function holdfast({ root, home }: { root: string; home: string }): Contestant {
  const command = join(root, 'bin/holdfast')
  const identityOf = (store: string) => `${store}.identity`
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') }
  return {
    name: 'holdfast',
    ours: true,
    async prepare({ store }) {
      await mkdir(home, { recursive: true })
      await rm(identityOf(store), { force: true })
      await run(command, ['init', store, '--identity', identityOf(store), '--quiet'], {
        env: { ...process.env, ...env },
      })
    },
    backup: ({ url, store }) => ({
      command,
      args: ['backup', url, '--repo', store, '--json', '--quiet'],
      env,
    }),
    restore: ({ url, store }) => ({
      command,
      args: [
        'restore',
        'latest',
        '--repo',
        store,
        '--to',
        url,
        '--identity',
        identityOf(store),
        '--json',
        '--quiet',
      ],
      env,
    }),
    recover: ({ url, store, table }) => ({
      command,
      args: [
        'restore',
        'latest',
        '--in-place',
        '--table',
        table,
        '--repo',
        store,
        '--to',
        url,
        '--identity',
        identityOf(store),
        '--yes',
        '--confirm',
        new URL(url).pathname.slice(1),
        '--json',
        '--quiet',
      ],
      env,
    }),
  }
}

export interface Peer extends Contestant {
  readonly major: number
  readonly version: string
}

/** pg_dump and pg_restore as they are on this machine: the first is what the targets name. Empty if there is none. */
export async function findPeers(): Promise<Peer[]> {
  const directories = [
    process.env['HOLDFAST_BENCH_PEER_BIN'] ?? '',
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  const bin = directories.find(
    (path) => path !== '' && existsSync(join(path, 'pg_dump')) && existsSync(join(path, 'pg_restore')),
  )
  if (bin === undefined) return []
  const version = /(\d+)(\.\d+)?/.exec((await run(join(bin, 'pg_dump'), ['--version'])).stdout)?.[0] ?? '0'
  const major = Number.parseInt(version)
  // Methods other than gzip came with 16, and zstd only where it was built in.
  const zstd = major >= 16 && (await acceptsZstd(join(bin, 'pg_dump')))
  return (zstd ? ['zstd:1', '0'] : ['0', '1']).map((compress) => ({
    name: `pg_dump -Fd -j2 -Z${compress === 'zstd:1' ? ' ' : ''}${compress}`,
    ours: false,
    major,
    version,
    recover: null,
    async prepare() {},
    backup: ({ url, store }) => ({
      command: join(bin, 'pg_dump'),
      args: [
        '-Fd',
        '-j2',
        ...(compress === 'zstd:1' ? ['-Z', compress] : [`-Z${compress}`]),
        '-d',
        url,
        '-f',
        store,
      ],
    }),
    restore: ({ url, store }) => ({
      command: join(bin, 'pg_restore'),
      args: ['-j4', '--exit-on-error', '-d', url, store],
    }),
  }))
}

/** pg_dump checks the method before it connects, so a server that isn't there is enough to ask. */
async function acceptsZstd(pgDump: string): Promise<boolean> {
  try {
    await run(pgDump, ['-Fd', '-Z', 'zstd:1', '-f', '/nonexistent/dump', '-h', '/nonexistent'])
    return true
  } catch (error) {
    return !/compress/i.test(error instanceof Error ? error.message : '')
  }
}
