import type { LinkProps } from '@tanstack/react-router'
import { useSession, type Action, type Resource, type Session } from '../session.ts'
import type { IconName } from '../ui/icons.tsx'

interface Page {
  /** The name is `nav.ID` in the messages. */
  readonly id: string
  readonly icon: IconName
  readonly to: NonNullable<LinkProps['to']>
  /** The right without which there is nothing to be seen on it, nor below its address; none: everybody sees it. */
  readonly takes?: readonly [Action, Resource]
}

/** The pages that are in the navigation and the palette, in their order. */
const pages: readonly Page[] = [
  { id: 'overview', icon: 'overview', to: '/' },
  { id: 'backups', icon: 'backups', to: '/backups', takes: ['read', 'backups'] },
  { id: 'restores', icon: 'restores', to: '/restores', takes: ['read', 'restores'] },
  { id: 'schedules', icon: 'schedules', to: '/schedules', takes: ['read', 'schedules'] },
  { id: 'jobs', icon: 'jobs', to: '/jobs', takes: ['read', 'jobs'] },
  { id: 'sources', icon: 'sources', to: '/sources', takes: ['read', 'sources'] },
  { id: 'storage', icon: 'storage', to: '/storage', takes: ['read', 'repositories'] },
  { id: 'alarms', icon: 'bell', to: '/alarms', takes: ['read', 'alarms'] },
  { id: 'destinations', icon: 'leave', to: '/destinations', takes: ['read', 'destinations'] },
  { id: 'people', icon: 'person', to: '/people', takes: ['read', 'people'] },
  { id: 'providers', icon: 'door', to: '/providers', takes: ['read', 'providers'] },
  { id: 'keys', icon: 'key', to: '/keys', takes: ['read', 'api_keys'] },
  { id: 'rights', icon: 'proven', to: '/rights' },
  { id: 'approvals', icon: 'check', to: '/approvals', takes: ['read', 'approvals'] },
  { id: 'audit', icon: 'audit', to: '/audit', takes: ['read', 'audit'] },
  { id: 'system', icon: 'system', to: '/system', takes: ['change', 'settings'] },
]

function sees(session: Session | null, { takes }: Page): boolean {
  if (takes === undefined) return true
  const [action, resource] = takes
  return session?.rights[resource]?.[action] === true
}

/** Those that the role sees something of. */
export function usePages(): readonly Page[] {
  const session = useSession()
  return pages.filter((page) => sees(session, page))
}

/** The page of this address, if the role sees nothing of it: then it is not shown at all, and asks for nothing. */
export function useHiddenPage(path: string): Page | undefined {
  const session = useSession()
  return pages.find((page) => page.to !== '/' && path.startsWith(page.to) && !sees(session, page))
}
