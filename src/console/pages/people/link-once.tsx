import { useTranslation } from 'react-i18next'
import type { Link } from '../../lib/types.ts'
import { Secret } from '../../ui/secret.tsx'
import { Moment } from '../../ui/words.tsx'

/** A link with which somebody chooses a password: whoever has it is them, so it is shown once. */
export function LinkOnce({ link }: { link: Link }) {
  const { t } = useTranslation()
  return (
    <section className="grid gap-3">
      <Secret label={t('people.link.label')} value={link.link} about={t('people.link.about')} />
      <p className="text-ink-2">
        {t(link.mailed ? 'people.link.mailed' : 'people.link.notMailed')} {t('people.link.until')}{' '}
        <Moment at={link.expiresAt} />
      </p>
    </section>
  )
}
