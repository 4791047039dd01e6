/*
 * What the client calls each operation. Most names follow from method and path: getSources, getSource, createSource, updateSource,
 * deleteSource, testDestination. Those that people would look for under another name are here.
 */
const named: Readonly<Record<string, string>> = {
  'POST /backups': 'createBackupJob',
  'GET /jobs': 'getBackupJobs',
  'GET /jobs/{id}': 'getBackupJob',
  'GET /jobs/{id}/log': 'getBackupJobLog',
  'POST /jobs/{id}/cancel': 'cancelBackupJob',
  'POST /restores': 'restoreFromBackup',
  'GET /statistics': 'getBackupStatistics',
  'GET /schedules': 'getBackupSchedules',
  'POST /schedules': 'createBackupSchedule',
  'GET /schedules/{name}': 'getBackupSchedule',
  'PATCH /schedules/{name}': 'updateBackupSchedule',
  'DELETE /schedules/{name}': 'deleteBackupSchedule',
  'POST /alarms/seen': 'markAlarmsSeen',
}

const verbs = { get: 'get', post: 'create', patch: 'update', put: 'set', delete: 'delete' } as const
export type Method = keyof typeof verbs
export const methods = Object.keys(verbs) as Method[]

/** The name of the operation. */
export function nameOf(method: Method, path: string): string {
  const own = named[`${method.toUpperCase()} ${path}`]
  if (own !== undefined) return own
  const parts = path.split('/').filter((part) => part !== '')
  const isParameter = (part: string | undefined): boolean => part?.startsWith('{') === true
  const words = parts
    .map((part, index) => ({ part, ofOne: isParameter(parts[index + 1]) }))
    .filter(({ part }) => !isParameter(part))
    .map(({ part, ofOne }) => (ofOne ? singular(part) : part))
  const last = words.at(-1) ?? ''
  const isOne = isParameter(parts.at(-1))
  // An action: POST /destinations/{name}/test
  if (method === 'post' && words.length > 1 && !isOne) return camel([last, ...words.slice(0, -1)].join('-'))
  if (method === 'post' && words.length === 1 && !isOne) return camel(`create-${singular(last)}`)
  // A list whose name is no plural of what it lists.
  if (method === 'get' && words.length === 1 && !isOne && last.endsWith('settings'))
    return camel(`get-all-${last}`)
  return camel([verbs[method], ...words].join('-'))
}

function singular(word: string): string {
  if (word === 'people') return 'person'
  if (/(settings|statistics|ss|us)$/.test(word)) return word
  return word.replace(/ies$/, 'y').replace(/s$/, '')
}

function camel(words: string): string {
  return words.replaceAll(/[-./]+(\w)/g, (_, letter: string) => letter.toUpperCase())
}
