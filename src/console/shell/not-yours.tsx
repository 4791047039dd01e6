import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useRoleName } from '../lib/rights.ts'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import type { IconName } from '../ui/icons.tsx'
import { EmptyState } from '../ui/notes.tsx'

/** In place of a page that the role sees nothing of: somebody may have been sent its address. */
export function NotYours({ page, icon }: { page: string; icon: IconName }) {
  const { t } = useTranslation()
  const role = useRoleName()
  return (
    <>
      <PageHead title={t(`nav.${page}`)} />
      <EmptyState
        icon={icon}
        title={t('rights.hidden.title')}
        action={
          <Button asChild>
            <Link to="/rights">{t('rights.hidden.look')}</Link>
          </Button>
        }
      >
        {t('rights.hidden.text', { role })}
      </EmptyState>
    </>
  )
}
