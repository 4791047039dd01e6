import { basename, dirname, resolve } from 'node:path'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import { schemeWithoutSlashes } from '../lib/lost-slash.ts'
import type { InspectAddress } from '../postgres/address.ts'
import { configShape, type LockEntry, type ModuleEntry, type SourceEntry } from './declaration.ts'
import { JsonError, isJsonObject, parseJson, type JsonObject } from './json.ts'
import { nearest } from '../lib/nearest.ts'
import type { PasswordReference } from './password-shape.ts'
import { Problems, type Problem } from './shape.ts'

/** The configuration, checked, with its paths resolved. */
export interface Config {
  /** The file it is from, absolute. */
  readonly file: string
  /** Address of the repository where none is named, or of several copies of it; a path is absolute. */
  readonly repository: string | readonly string[] | undefined
  /** Of backups of sources that have no locks of their own. */
  readonly lock: LockEntry | undefined
  /** In the order of the file. */
  readonly sources: ReadonlyMap<string, Source>
}

/** A database that is protected, as the configuration describes it. Paths are absolute. */
export interface Source extends SourceEntry {
  readonly name: string
  /** The directory that a password's command runs in: the one of the configuration file. */
  readonly directory: string
}

/** A named group of a source's tables. */
export interface Module extends ModuleEntry {
  readonly name: string
  readonly source: string
}

/** How many problems a message names; the rest are counted. `details` has them all. */
const named = 10

/**
 * Reads the text of a configuration file. `inspect` reads addresses of databases. Throws `config_invalid` with every problem by its path, or
 * `config_secret` if one of them is a secret in the file; no value that may be one is part of the message.
 */
export function parseConfig(o: { text: string; file: string; inspect: InspectAddress }): Config {
  const tree = parseTree(o.text, o.file)
  const read = check(tree, o)
  const directory = dirname(resolve(o.file))
  return {
    file: resolve(o.file),
    repository: allAbsolute(read.repository, directory),
    lock: read.lock,
    sources: new Map([...read.sources].map(([name, entry]) => [name, resolvePaths(name, entry, directory)])),
  }
}

/** The text as JSON, in the order of its names: for changing the file. Throws `config_invalid`. */
export function parseTree(text: string, file: string): JsonObject {
  try {
    const tree = parseJson(text.replace(/^\uFEFF/, ''))
    if (isJsonObject(tree)) return tree
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new HoldfastError('config_invalid', `${file} is no JSON: ${messageOf(error)}.`, {
      details: { file },
    })
  }
  throw new HoldfastError('config_invalid', `${file} must hold one JSON object.`, { details: { file } })
}

function check(tree: JsonObject, o: { file: string; inspect: InspectAddress }) {
  try {
    return configShape(o.inspect).read(tree, '')
  } catch (error) {
    if (!(error instanceof Problems)) throw error
    throw invalid(o.file, error.list)
  }
}

function invalid(file: string, problems: readonly Problem[]): HoldfastError {
  const lines = problems.map(({ path, what }) => `${path === '' ? 'the whole' : path}: ${what}`)
  const more = lines.length - named
  const shown = [...lines.slice(0, named), ...(more > 0 ? [`And ${more} more.`] : [])]
  const text = shown.length === 1 ? ` ${shown[0] ?? ''}` : shown.map((line) => `\n  ${line}`).join('')
  return new HoldfastError(
    problems.some(({ secret }) => secret) ? 'config_secret' : 'config_invalid',
    `${basename(file)}:${text}`,
    { details: { file, problems: problems.map(({ path, what }) => ({ path, what })) } },
  )
}

function resolvePaths(name: string, entry: SourceEntry, directory: string): Source {
  const { drill } = entry
  return {
    ...entry,
    name,
    directory,
    password: passwordAt(entry.password, directory),
    repository: allAbsolute(entry.repository, directory),
    drill:
      drill?.assertions === undefined
        ? drill
        : { ...drill, assertions: resolve(directory, drill.assertions) },
  }
}

function passwordAt(
  reference: PasswordReference | undefined,
  directory: string,
): PasswordReference | undefined {
  return reference !== undefined && 'file' in reference
    ? { file: resolve(directory, reference.file) }
    : reference
}

function allAbsolute(
  repository: string | readonly string[] | undefined,
  directory: string,
): string | readonly string[] | undefined {
  if (repository === undefined) return undefined
  if (typeof repository === 'string') return absolute(repository, directory)
  return repository.map((address) => absolute(address, directory))
}

/** An address that is a path is relative to the file; any other has a scheme, and may name a file of certificates. */
function absolute(address: string, directory: string): string {
  // Whoever opens one that lacks a slash says so.
  if (schemeWithoutSlashes(address) !== null) return address
  if (!isUrl(address)) return resolve(directory, address)
  return address.replace(/([?&]ca=)(?!\/|%2F)([^&#]+)/i, (_, name: string, path: string) => {
    // What is escaped in the path stays so; the directory's own characters must not end the parameter.
    return `${name}${encodeURIComponent(directory).replaceAll('%2F', '/')}/${path}`
  })
}

/** True if an address of a repository has a scheme, and so is no path. */
export function isUrl(address: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(address)
}

/** The source of this name. Throws `source_not_found` with those there are. */
export function findSource(config: Config, name: string): Source {
  const source = config.sources.get(name)
  if (source !== undefined) return source
  const known = [...config.sources.keys()]
  throw new HoldfastError('source_not_found', `${config.file} has no source ${name}.`, {
    hint: known.length === 0 ? 'Add it with holdfast source add NAME ADDRESS.' : thoseThereAre(name, known),
    details: { source: name, known },
  })
}

/** The modules of these names. Throws `module_not_found` with those there are. */
export function findModules(source: Source, names: readonly string[]): Module[] {
  return [...new Set(names)].map((name) => {
    const module = source.modules.get(name)
    if (module !== undefined) return { ...module, name, source: source.name }
    const known = [...source.modules.keys()]
    throw new HoldfastError('module_not_found', `Source ${source.name} has no module ${name}.`, {
      hint: known.length === 0 ? 'It has none at all.' : thoseThereAre(name, known),
      details: { source: source.name, module: name, known },
    })
  })
}

function thoseThereAre(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  return `${meant === null || known.length === 1 ? '' : `Did you mean ${meant}? `}There ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}.`
}
