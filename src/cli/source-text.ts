import type { Config, Source } from '../config/config.ts'
import type { PasswordReference } from '../config/password-shape.ts'
import type { Output } from './output.ts'
import { printable } from './width.ts'

/** A source for `--json`. Nothing in it is secret: the configuration holds no secrets. */
export function sourceSummary(config: Config, source: Source): Record<string, unknown> {
  const { directory: _directory, modules, ...rest } = source
  return {
    ...rest,
    password: source.password ?? null,
    repository: source.repository ?? config.repository ?? null,
    proof: source.proof ?? null,
    modules: Object.fromEntries(modules),
    drill: source.drill ?? null,
  }
}

/** Where a password is from, in words. */
export function passwordText(reference: PasswordReference | undefined): string {
  if (reference === undefined) return 'as libpq finds it'
  if ('env' in reference) return `the variable ${reference.env}`
  return 'file' in reference ? `the file ${reference.file}` : `printed by ${reference.command.join(' ')}`
}

/** A repository, or the copies of one. */
export function placesText(repository: Source['repository']): string {
  return typeof repository === 'string' ? repository : (repository ?? []).join(', ')
}

/** Prints a list of sources, wherever they are described. */
export function tellSources(
  out: Output,
  sources: readonly {
    readonly name: string
    readonly address: string
    /** Where it is from, in words. */
    readonly password: string
    readonly repository: string
    readonly modules: readonly string[]
  }[],
): void {
  if (sources.length === 0) return out.line('No sources yet.')
  out.table(
    [
      { title: 'SOURCE' },
      { title: 'ADDRESS', min: 20 },
      { title: 'PASSWORD' },
      { title: 'REPOSITORY' },
      { title: 'MODULES' },
    ],
    sources.map(({ name, address, password, repository, modules }) => [
      name,
      address,
      password,
      repository,
      modules.join(', '),
    ]),
  )
}

/** Prints all that the configuration says of a source. */
export function tellSource(out: Output, config: Config, source: Source): void {
  const own = source.repository ?? config.repository
  const lists = [
    ['Schemas', source.schemas],
    ['Tables', source.tables],
    ['Without', [...source.excludeTables, ...source.excludeData]],
  ] as const
  const facts: [string, string][] = [
    ['Source', source.name],
    ['Address', source.address],
    ['Password', passwordText(source.password)],
    ['Repository', own === undefined ? 'none: name it by --repo' : placesText(own)],
    ['Profile', source.profile],
    ...lists
      .filter(([, all]) => all.length > 0)
      .map(([title, all]): [string, string] => [title, all.join(', ')]),
    ['Proof', source.proof ?? 'sampled'],
    ...[...source.modules].map(([name, { description, tables }]): [string, string] => [
      'Module',
      `${name}: ${tables.join(', ')}${description === undefined ? '' : ` (${description})`}`,
    ]),
    ...(source.drill?.goal === undefined
      ? []
      : [['Drill goal', source.drill.goal] satisfies [string, string]]),
    ...(source.drill?.assertions === undefined
      ? []
      : [['Assertions', source.drill.assertions] satisfies [string, string]]),
    ['In', config.file],
  ]
  tellFacts(out, facts)
}

/** Prints what is known of a source, a line each. */
export function tellFacts(out: Output, facts: readonly (readonly [title: string, value: string])[]): void {
  for (const [title, value] of facts) out.line(`${title.padEnd(12)}${printable(value)}`)
}
