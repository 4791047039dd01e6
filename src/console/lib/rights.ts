import { useTranslation } from 'react-i18next'
import { useMay, useSession, type Action, type Resource } from '../session.ts'

/** What the role of whoever is signed in is called. */
export function useRoleName(): string {
  const { t } = useTranslation()
  const role = useSession()?.role ?? 'key'
  return t(`rights.roles.${role}`, { defaultValue: role })
}

/** Why the role may not do it, for what is greyed; null if it may. */
export function useRefusal(action: Action, resource: Resource): string | null {
  const { t } = useTranslation()
  const role = useRoleName()
  return useMay(action, resource) ? null : t('rights.refused', { role })
}
