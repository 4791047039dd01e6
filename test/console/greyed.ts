import { operator, reader, tenant } from '../support/console.ts'

const switches =
  'Schedule crm-every-hour is on, Schedule main-check is on, Schedule shop-every-night is on, Schedule shop-proof is on'
/** The one of the source and of its schedule. */
const ping = 'Send a test, Destination switch is on, Add a ping'

/**
 * What each of them may not do where others may, by page: it is there, greyed. A page that is not named has nothing greyed for them, or is
 * not shown to them at all. Those that the reader has are all on which something can be done.
 */
export const greyed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [operator.role]: {
    // Of the source that has no backup.
    overview: 'Restore',
    'restore-look': 'Leave it, Restore',
    schedules: `Add a schedule, ${switches}`,
    schedule: `Save, ${ping}`,
    'new-schedule': 'Add the schedule',
    sources: 'Add a source',
    source: `${ping}, Edit, Forget`,
    'edit-source': 'Test it, Save',
    'new-source': 'Test it, Add the source',
    storage: 'Upload a backup, Add storage',
    repository: 'Forget',
    'new-storage': 'Add the storage',
    destinations:
      'Add a destination, Destination on-call is on, Send a test, Remove, Destination switch is on',
    'new-destination': 'Add a destination',
    'new-ping': 'Add a destination',
  },
  [reader.role]: {
    overview: 'Back up, Restore',
    backups: 'Back up now',
    backup: 'Restore, Prove it by a drill',
    'new-backup': 'Start the backup',
    restores: 'Restore',
    'restore-where': 'Look first',
    'restore-look': 'Leave it, Restore',
    schedules: `Add a schedule, ${switches}`,
    schedule: `See what would stay, Save, ${ping}`,
    'new-schedule': 'See what would stay, Add the schedule',
    sources: 'Add a source',
    source: `${ping}, Back up now, Restore, Edit, Forget`,
    'edit-source': 'Test it, Save',
    'new-source': 'Test it, Add the source',
    storage: 'Upload a backup, Add storage',
    repository: 'See what would stay, Check it, Read it again, Forget',
    'new-storage': 'Add the storage',
    alarm: 'Close the alarm',
    destinations:
      'Add a destination, Destination on-call is on, Send a test, Remove, Destination switch is on',
    'new-destination': 'Add a destination',
    'new-ping': 'Add a destination',
    approvals: 'Ask a second person',
  },
  [tenant.role]: {
    overview: 'Back up, Restore',
    backups: 'Back up now',
    backup: 'Restore, Prove it by a drill',
    'new-backup': 'Start the backup',
    sources: 'Add a source',
    source: 'Back up now, Restore, Edit, Forget',
    'edit-source': 'Test it, Save',
    'new-source': 'Test it, Add the source',
    alarm: 'Close the alarm',
  },
}
