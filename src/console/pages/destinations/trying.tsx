import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Destination, DestinationTest } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Switch } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { toast } from '../../ui/toast.tsx'

/** Whether anything is sent there, and a test of it: what a destination has wherever it stands. */
export function useTrying({ name, enabled }: Destination) {
  const { t } = useTranslation()
  const refused = useRefusal('change', 'destinations')
  const path = `/destinations/${name}`
  const change = useChange((body: { enabled: boolean }) => request('PATCH', path, { body }), ['destinations'])
  const test = useChange(() => request<DestinationTest>('POST', `${path}/test`), ['destinations'])
  const error = change.error ?? test.error ?? test.data?.error ?? null
  const onSuccess = ({ taken }: DestinationTest): void => {
    if (taken) toast(t('destinations.taken', { name }))
  }
  return {
    toggle: (
      <Switch
        label={t('destinations.enabled', { name })}
        checked={enabled}
        refused={refused}
        onChange={(next) => change.mutate({ enabled: next })}
      />
    ),
    verb: (
      <Button refused={refused} busy={test.isPending} onClick={() => test.mutate(undefined, { onSuccess })}>
        {t('destinations.test')}
      </Button>
    ),
    problem: error === null ? null : <ErrorNote error={error} />,
  }
}
