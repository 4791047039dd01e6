import { useTranslation } from 'react-i18next'
import { useSession } from '../session.ts'
import { Card, PageHead } from '../ui/card.tsx'
import { EmptyState } from '../ui/notes.tsx'
import { Codes } from './account/codes.tsx'
import { OwnPassword } from './account/own-password.tsx'
import { OwnSessions } from './account/own-sessions.tsx'

/** What everybody may do for themselves. Language and theme are in the menu beside the name. */
export function AccountPage() {
  const { t } = useTranslation()
  const session = useSession()
  return (
    <>
      <PageHead title={t('me.title')} about={session?.email ?? undefined} />
      {session?.kind === 'key' ? (
        <EmptyState icon="key" title={t('me.key.title')}>
          {t('me.key.text')}
        </EmptyState>
      ) : (
        <div className="grid max-w-[640px] gap-4">
          <Card className="p-5">
            <Codes />
          </Card>
          <Card className="p-5">
            <OwnPassword />
          </Card>
          <Card className="p-5">
            <OwnSessions />
          </Card>
        </div>
      )}
    </>
  )
}
