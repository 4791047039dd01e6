import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { accessSync, constants, existsSync, globSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { builds, consoleVersion } from '../src/cli/console.ts'

/*
 * Runs the tests: all of test/, or the files and folders given. Some need programs of others, and say which by their name. On a machine
 * that lacks one of these the rest is run, and what was not run is said at the end, where it is read.
 */

interface Kind {
  /** What names of such files end with. */
  readonly suffix: string
  /** Program, and the Debian package that has it. */
  readonly programs: ReadonlyMap<string, string>
}

const kinds: readonly Kind[] = [
  {
    suffix: '.programs.test.ts',
    programs: new Map([
      ['age', 'age'],
      ['zstd', 'zstd'],
      ['psql', 'postgresql-client'],
      ['pg_dump', 'postgresql-client'],
      ['openssl', 'openssl'],
      ['curl', 'curl'],
      ['jq', 'jq'],
    ]),
  },
  {
    suffix: '.radosgw.test.ts',
    programs: new Map([
      ['ceph', 'ceph-common'],
      ['ceph-mon', 'ceph-mon'],
      ['ceph-osd', 'ceph-osd'],
      ['radosgw', 'radosgw'],
    ]),
  },
]

const given = process.argv.slice(2)
const files = (given.length > 0 ? given : ['test']).flatMap((path) =>
  statSync(path).isDirectory() ? globSync(join(path, '**/*.test.ts')).sort() : [path],
)
const lacks = kinds.flatMap(({ suffix, programs }) => {
  const missing = [...programs.keys()].filter((program) => !isOnPath(program))
  const packages = [...new Set(missing.map((program) => programs.get(program)))]
  return missing.length === 0 || given.length > 0
    ? []
    : [{ missing, packages, files: files.filter((file) => file.endsWith(suffix)) }]
})

/**
 * The longest take turns, so that all of it ends within 25 minutes on a small machine: of each group, which prove things that are alike, one
 * is drawn. HOLDFAST_TESTS=all runs all, as does naming them.
 */
const groups = [
  ['journey/swap-faults.pg.test.ts', 'journey/schemas-others.pg.test.ts'],
  ['console/demo.browser.test.ts', 'console/restores.browser.test.ts', 'console/react.browser.test.ts'],
  ['faults/machines.pg.test.ts', 'faults/machines.radosgw.test.ts'],
  ['jobs/workers.radosgw.test.ts', 'service/day.pg.test.ts'],
  ['cli/operations.pg.test.ts', 'cli/running.programs.test.ts'],
  ['restore/in-place/faults.pg.test.ts', 'restore/in-place/property.pg.test.ts'],
  ['restore/in-place/copies-faults.pg.test.ts', 'restore/in-place/copies-property.pg.test.ts'],
  ['cli/swap.pg.test.ts', 'cli/swap-schemas.pg.test.ts'],
  ['cli/storage.radosgw.test.ts', 'cli/storage.azurite.test.ts', 'cli/storage-google.pg.test.ts'],
]
const waiting =
  given.length > 0 || process.env['HOLDFAST_TESTS'] === 'all'
    ? []
    : groups.flatMap((group) => {
        const turn = randomInt(group.length)
        return group.filter((_, n) => n !== turn).map((file) => join('test', file))
      })
const left = [...lacks.flatMap((lack) => lack.files), ...waiting]

const options = [
  '--disable-warning=ExperimentalWarning',
  // As the launcher does: pg_dump's WebAssembly runs too briefly for V8's second compiler to pay, which took a tenth of all of it.
  '--liftoff-only',
  '--test',
  '--test-reporter=spec',
  // More than the two processors of a small machine: many tests wait for a lock, a lease or a clock.
  '--test-concurrency=3',
]
// What hangs is ended; random tests may be asked to go on for longer than any test usually takes.
const { HOLDFAST_FAULTS } = process.env
const longer = ['ORACLE', 'INPLACE', 'REPOSITORY', 'DAY', 'FUZZ'].map(
  (name) => process.env[`HOLDFAST_${name}_MINUTES`],
)
const minutes = longer.reduce(
  (sum, more) => sum + Number(more ?? 0),
  HOLDFAST_FAULTS === undefined ? 15 : 180,
)
// Once, before anybody waits for it: services that start beside each other would each build it.
const shown = files.some((file) => file.endsWith('.browser.test.ts'))
if (shown && !existsSync(join(builds, await consoleVersion())))
  spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'scripts/build-console.ts'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })

const { status } = spawnSync(
  process.execPath,
  [...options, `--test-timeout=${minutes * 60_000}`, ...files.filter((f) => !left.includes(f))],
  {
    stdio: 'inherit',
    // Every file of tests is a process of its own, and many start more: what was compiled once is compiled for all of them.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '../node_modules/.cache/compiled'), ...process.env },
  },
)
for (const { missing, packages, files: notRun } of lacks) {
  process.stdout.write(
    `\nNOT RUN: ${notRun.length} files of tests that need ${missing.join(', ')}:\n${notRun.map((f) => `  ${f}\n`).join('')}` +
      `To run them too: apt-get install ${packages.join(' ')}\n`,
  )
}
if (waiting.length > 0) {
  const names = waiting.map((file) => `  ${file}\n`).join('')
  process.stdout.write(`\nIT WAS NOT THE TURN OF ${waiting.length} files, which are long:\n${names}To run all: HOLDFAST_TESTS=all npm test\n`) // prettier-ignore
}
process.exitCode = status ?? 1

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
