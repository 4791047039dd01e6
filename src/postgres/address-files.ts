import { existsSync, readFileSync, statSync } from 'node:fs'
import { addKeyword, badAddress, type Keywords } from './address-keywords.ts'

/** What an address may need from the machine. */
export interface AddressFiles {
  /** The text of a plain file with its permission bits and owner; undefined if there is none. */
  readFile(path: string): { readonly text: string; readonly mode: number; readonly uid: number } | undefined
  /** True if there is anything at the path. Without it no Unix socket is looked for. */
  exists?(path: string): boolean
}

/** The files of this machine. */
export const localFiles: AddressFiles = {
  readFile(path) {
    try {
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat === undefined || !stat.isFile()) return undefined
      return { text: readFileSync(path, 'utf8'), mode: stat.mode & 0o777, uid: stat.uid }
    } catch (error) {
      throw Object.assign(badAddress(`the file ${path} cannot be read`), { cause: error })
    }
  },
  exists: existsSync,
}

/** Adds the parameters of a service to what is not given already. `paths`: the files to look in, in order. */
export function addService(
  keywords: Keywords,
  service: string,
  paths: readonly string[],
  files: AddressFiles,
): void {
  for (const path of paths) {
    const section = findService(files.readFile(path)?.text ?? '', service)
    if (section === undefined) continue
    const found: Keywords = new Map()
    for (const line of section) {
      const equals = line.indexOf('=')
      if (equals < 0) throw badAddress(`a line of service ${service} in ${path} has no "="`)
      const name = line.slice(0, equals).trim()
      if (name === 'service' || name === 'servicefile')
        throw badAddress(`service ${service} in ${path} names a service`)
      addKeyword(found, name, line.slice(equals + 1).trim())
    }
    for (const [name, value] of found) if (!keywords.has(name)) keywords.set(name, value)
    return
  }
  throw badAddress(`there is no service ${service} in ${paths.join(' or ')}`, 'See PGSERVICEFILE.')
}

/** The lines of a service's section; undefined if there is no such section. */
function findService(text: string, service: string): string[] | undefined {
  let section: string[] | undefined
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) {
      if (section !== undefined) break
      if (line === `[${service}]`) section = []
    } else section?.push(line)
  }
  return section
}

/** The password that a password file has for a login; undefined if there is no file or no line for it. */
export function passwordFromFile(
  path: string,
  login: readonly [hosts: readonly string[], port: string, database: string, user: string],
  files: AddressFiles,
): string | undefined {
  const file = files.readFile(path)
  if (file === undefined) return undefined
  if ((file.mode & 0o077) !== 0) {
    throw badAddress(
      `the password file ${path} is not used, because others may read it`,
      `Run chmod 0600 ${path}`,
    )
  }
  for (const line of file.text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = splitFields(line)
    const password = fields[4]
    if (password === undefined || password === '') continue
    const matches = login.every((wanted, index) => {
      const field = fields[index] ?? ''
      return field === '*' || (typeof wanted === 'string' ? wanted === field : wanted.includes(field))
    })
    if (matches) return password
  }
  return undefined
}

/** Fields are separated by colons; a backslash takes the next character as it is. */
function splitFields(line: string): string[] {
  const fields = ['']
  for (let at = 0; at < line.length; at++) {
    let char = line.charAt(at)
    if (char === ':' && fields.length < 5) {
      fields.push('')
      continue
    }
    if (char === '\\' && at + 1 < line.length) char = line.charAt(++at)
    fields[fields.length - 1] += char
  }
  return fields
}
