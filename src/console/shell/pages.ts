import type { LinkProps } from '@tanstack/react-router'
import type { IconName } from '../ui/icons.tsx'

/** The pages that are in the navigation and the palette, in their order. The name is `nav.ID` in the messages. */
export const pages: readonly {
  readonly id: string
  readonly icon: IconName
  readonly to: NonNullable<LinkProps['to']>
}[] = [
  { id: 'overview', icon: 'overview', to: '/' },
  { id: 'backups', icon: 'backups', to: '/backups' },
  { id: 'restores', icon: 'restores', to: '/restores' },
  { id: 'schedules', icon: 'schedules', to: '/schedules' },
  { id: 'jobs', icon: 'jobs', to: '/jobs' },
  { id: 'sources', icon: 'sources', to: '/sources' },
  { id: 'storage', icon: 'storage', to: '/storage' },
  { id: 'alarms', icon: 'bell', to: '/alarms' },
  { id: 'destinations', icon: 'leave', to: '/destinations' },
  { id: 'people', icon: 'person', to: '/people' },
  { id: 'providers', icon: 'door', to: '/providers' },
  { id: 'keys', icon: 'key', to: '/keys' },
  { id: 'rights', icon: 'proven', to: '/rights' },
  { id: 'approvals', icon: 'check', to: '/approvals' },
  { id: 'audit', icon: 'audit', to: '/audit' },
  { id: 'system', icon: 'system', to: '/system' },
]
