import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useStorageWords } from '../../lib/storage-words.ts'
import type { Overview } from '../../lib/types.ts'
import { Card, SectionHead } from '../../ui/card.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Name } from '../../ui/words.tsx'

/** What is used of each storage, and when it will be full as it goes now. */
export function StorageForecast({ storage }: { storage: Overview['storage'] }) {
  const { t } = useTranslation()
  const words = useStorageWords()
  if (storage.length === 0) return null
  return (
    <section>
      <SectionHead>{t('nav.storage')}</SectionHead>
      <Card>
        <ul className="divide-y">
          {storage.map((one) => {
            const { used, forecast, soon } = words(one)
            return (
              <li key={one.repository} className="grid grid-cols-1 gap-1.5 px-4 py-3">
                <div className="flex items-baseline justify-between gap-3">
                  <Link
                    to="/storage/$name"
                    params={{ name: one.repository }}
                    className="min-w-0 truncate font-medium underline-offset-2 hover:underline"
                  >
                    <Name>{one.repository}</Name>
                  </Link>
                  <span className="text-ink-2">{used}</span>
                </div>
                {one.capacityBytes !== null && (
                  <Meter label={used} share={one.usedBytes / Math.max(1, one.capacityBytes)} soon={soon} />
                )}
                <p className={`text-sm ${soon ? 'text-warn-text' : 'text-ink-2'}`}>{forecast}</p>
              </li>
            )
          })}
        </ul>
      </Card>
    </section>
  )
}
