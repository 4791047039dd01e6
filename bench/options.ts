import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { parseSize } from './generate.ts'

const options = {
  small: { type: 'boolean', default: false },
  size: { type: 'string' },
  large: { type: 'string' },
  tables: { type: 'string' },
  repetitions: { type: 'string' },
  server: { type: 'string' },
  tcp: { type: 'boolean', default: false },
  'peers-only': { type: 'boolean', default: false },
  directory: { type: 'string', default: tmpdir() },
  help: { type: 'boolean', default: false },
} as const

const help = `Usage: npm run bench -- [options]

Measures backups and restores against pg_dump and pg_restore, on the same server
and data, prints the results, and writes them to bench/RESULTS.md.

  --small             less of everything, in under two minutes; only prints
  --size <size>       of the data set, as COPY text (default: 1GB; small: 120MB)
  --large <size>      of a second one, to see that memory does not follow;
                      0 is none (default: 5GB; small: 0)
  --tables <count>    of the data set of many tables (default: 2000; small: 300)
  --repetitions <n>   of each backup (default: 5; small: 3)
  --server <address>  a server on this machine, as a superuser
                      (default: an embedded one)
  --tcp               connect by TCP (default: by a Unix socket)
  --peers-only        without Holdfast, for a look at the machine; only prints
  --directory <path>  for dumps, repositories and the server's data
                      (default: ${tmpdir()})
  --help              this text

HOLDFAST_BENCH_PEER_BIN names the directory of pg_dump and pg_restore, if they
are not on the PATH.
`

/** What the command line says. Prints the options and ends the process where it asks for them, or makes no sense. */
export function readOptions() {
  try {
    const { values } = parseArgs({ options })
    if (values.help) {
      process.stdout.write(help)
      process.exit(0)
    }
    for (const size of [values.size, values.large]) if (size !== undefined && size !== '0') parseSize(size)
    for (const count of [values.tables, values.repetitions])
      if (count !== undefined && !/^[1-9]\d*$/.test(count)) throw new Error(`not a number: ${count}`)
    return values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
    process.exit(2)
  }
}
