import type { PartName } from './react.tsx'

interface OwnPlaces {
  /** Where the part begins, and comes back to. */
  readonly home: '/' | '/backups' | '/schedules' | '/restores/new' | '/storage'
  /** What it is called: the key of a message. */
  readonly title: string
}

export const ownPlaces: Readonly<Record<PartName, OwnPlaces>> = {
  dashboard: { home: '/', title: 'nav.overview' },
  manager: { home: '/backups', title: 'nav.backups' },
  scheduler: { home: '/schedules', title: 'nav.schedules' },
  wizard: { home: '/restores/new', title: 'restores.new.title' },
  storage: { home: '/storage', title: 'nav.storage' },
}

/** Which part has a path as its own. */
export function partOf(pathname: string): PartName | null {
  const [, first = ''] = pathname.split('/')
  const found = Object.entries(ownPlaces).find(([, { home }]) => home.split('/')[1] === first)
  return (found?.[0] as PartName | undefined) ?? null
}
