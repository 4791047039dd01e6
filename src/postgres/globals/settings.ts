import { ident, literal } from '../quote.ts'

/**
 * Settings whose value is a list of names that the server has quoted already when it stored it: given back as one
 * literal, the list would become a single name.
 */
const quotedLists: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

/** Cuts `name=value`, as pg_db_role_setting holds it. */
export function splitSetting(setting: string): { name: string; value: string } {
  const at = setting.indexOf('=')
  return at < 0 ? { name: setting, value: '' } : { name: setting.slice(0, at), value: setting.slice(at + 1) }
}

/** `SET "name" TO ...`, to be put after ALTER ROLE or ALTER DATABASE, that stores this setting again. */
export function settingClause(setting: string): string {
  const { name, value } = splitSetting(setting)
  // Quoted as one name: the server folds the dots of an extension's settings into the name itself.
  return `SET ${ident(name)} TO ${settingValue(name, value)}`
}

function settingValue(name: string, value: string): string {
  if (!quotedLists.has(name.toLowerCase())) return literal(value)
  const names = splitNameList(value)
  return names.length === 0 ? literal('') : names.map((item) => literal(item)).join(', ')
}

/** The names of a stored list: `"$user", public` gives `$user` and `public`. Case stays as it is. */
export function splitNameList(value: string): string[] {
  const names: string[] = []
  const item = /\s*(?:"((?:[^"]|"")*)"|([^",\s][^",]*?))\s*(?:,|$)/gy
  for (let match = item.exec(value); match !== null; match = item.exec(value)) {
    names.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'))
    if (item.lastIndex >= value.length) return names
  }
  // No list after all: one name, as it stands.
  return value.trim() === '' ? [] : [value]
}
