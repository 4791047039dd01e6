import { useTranslation } from 'react-i18next'
import { NewPassword } from './password/new-password.tsx'

/** Where the link of an invitation leads: `/invitation#LINK`. What is after the # is not sent to any server by the browser. */
export function InvitationPage() {
  const { t } = useTranslation()
  return <NewPassword to="invitation" title={t('invitation.title')} about={t('invitation.about')} />
}
