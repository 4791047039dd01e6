import { resolve } from 'node:path'
import {
  findModules,
  findSource,
  parseConfig,
  type Config,
  type Module,
  type Source,
} from '../config/config.ts'
import { namePattern } from '../config/declaration.ts'
import { configName, findConfigFile, readConfigFile } from '../config/file.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { inspectAddress } from '../postgres/address.ts'
import type { CommandContext } from './command.ts'
import { repo } from './options.ts'
import { longName } from './option.ts'

/** Path of the configuration file: the one that was named, else the nearest one from here upwards; null if there is none. */
export async function configPath(context: CommandContext): Promise<string | null> {
  if (context.config !== undefined) return resolve(context.config)
  return await findConfigFile(process.cwd(), process.getuid?.())
}

/** The configuration; null if none was named and there is none. Throws `config_missing`, `config_invalid` and the like. */
export async function loadConfig(context: CommandContext): Promise<Config | null> {
  const file = await configPath(context)
  if (file === null) return null
  return parseConfig({ text: await readConfigFile(file), file, inspect: inspectAddress })
}

/** The configuration, where it is needed for `what`. Throws `config_missing` as well. */
export async function requireConfig(context: CommandContext, what: string): Promise<Config> {
  const config = await loadConfig(context)
  if (config !== null) return config
  throw new HoldfastError(
    'config_missing',
    `${what}, and there is no ${configName} in this directory or one above it.`,
  )
}

/** The configured source of this name. Throws `source_not_found`, `config_missing`. */
export async function sourceNamed(context: CommandContext, name: string): Promise<Source> {
  const config = await loadConfig(context)
  if (config !== null) return findSource(config, name)
  throw new HoldfastError(
    'config_missing',
    `${name} would be a source of ${configName}, and there is none in this directory or one above it.`,
    {
      hint: `Give an address such as postgres://user@host/${name}, or run holdfast source add ${name} ADDRESS.`,
    },
  )
}

/** The configured source that SOURCE or TARGET names; null if it is an address, or nothing was given. Throws `usage` if it is neither. */
export async function sourceMeant(context: CommandContext, text: string | undefined): Promise<Source | null> {
  if (text === undefined) return null
  // No address is only that: one has "=" or "://" in it.
  if (namePattern.test(text)) return await sourceNamed(context, text)
  inspectAddress(text)
  return null
}

/** The source that something is about: configured, by its name, null if it is not a configured one, undefined if none was named. */
type About = Source | string | null | undefined

/**
 * The addresses of the repository, one for each of its copies, the main one first: --repo or its variable, else the source's, else the default of the
 * configuration. Where no source is named and there is only one, its own. Throws `usage` if none of them says.
 */
export async function repositoryAddresses(
  context: CommandContext,
  o: { repo: readonly string[]; source?: About },
): Promise<readonly string[]> {
  if (o.repo.length > 0) return o.repo
  const config = await loadConfig(context)
  const named = typeof o.source === 'string' ? await sourceNamed(context, o.source) : o.source
  const [only, ...others] = config?.sources.values() ?? []
  const alone = o.source === undefined && others.length === 0 ? only : undefined
  const found = named?.repository ?? config?.repository ?? alone?.repository
  if (found !== undefined) return typeof found === 'string' ? [found] : found
  throw new HoldfastError('usage', `${longName(repo)} is missing: which repository?`, {
    hint: `Add --repo <address>, set HOLDFAST_REPO, or write "repository" into ${configName}.`,
  })
}

/** The modules that --module names: of `source`, or of the only source that is configured. Throws `module_not_found`, `usage`. */
export async function modulesMeant(
  context: CommandContext,
  names: readonly string[],
  source: About,
): Promise<Module[]> {
  if (names.length === 0) return []
  if (source === null) {
    throw new HoldfastError('usage', `--module does not say of which source.`, {
      hint: `Name a source of ${configName} in place of the address.`,
    })
  }
  if (source !== undefined) {
    return findModules(typeof source === 'string' ? await sourceNamed(context, source) : source, names)
  }
  const config = await requireConfig(context, '--module needs a source')
  const [only, ...others] = config.sources.values()
  if (only !== undefined && others.length === 0) return findModules(only, names)
  throw new HoldfastError('usage', `--module does not say of which source.`, {
    hint: `Pass --source NAME: ${config.file} has ${[...config.sources.keys()].join(', ') || 'none'}.`,
  })
}

/** Does the work; a pattern of a module that matches no table is told with the module's name. */
export async function namingModules<T>(modules: readonly Module[], work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isHoldfastError(error, 'table_not_found')) throw error
    const module = modules.find(({ tables }) =>
      tables.some((pattern) => pattern === error.details['pattern']),
    )
    if (module === undefined) throw error
    throw new HoldfastError(
      'table_not_found',
      `No table matches "${String(error.details['pattern'])}" of module ${module.name} of source ${module.source}.`,
      { cause: error, details: { ...error.details, module: module.name, source: module.source } },
    )
  }
}
