import { useTranslation } from 'react-i18next'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { useFormat } from '../../lib/format.ts'

/** How much of it was stored anew, and how much was there already. */
export function Reuse({ of }: { of: BackupFacts }) {
  const { t } = useTranslation()
  const format = useFormat()
  const share = of.storedBytes === 0 ? 0 : Math.min(1, of.newBytes / of.storedBytes)
  return (
    <section className="grid gap-2">
      <p>
        {share === 1
          ? t('backups.allNew', { size: format.bytes(of.newBytes) })
          : t('backups.reuse', { fresh: format.bytes(of.newBytes), all: format.bytes(of.storedBytes) })}
      </p>
      <div aria-hidden="true" className="flex h-2 gap-0.5 overflow-hidden rounded-full bg-sunken">
        <div className="bg-accent" style={{ width: `${share * 100}%` }} />
        {share < 1 && <div className="flex-1 bg-line-strong" />}
      </div>
      <ul className="flex flex-wrap gap-x-4 text-sm text-ink-2">
        <li className="flex items-center gap-1.5">
          <span className="size-2 rounded-sm bg-accent" />
          {t('backups.newChunks', { count: of.newChunks, value: format.number(of.newChunks) })}
        </li>
        <li className="flex items-center gap-1.5">
          <span className="size-2 rounded-sm bg-line-strong" />
          {t('backups.reusedChunks', { count: of.reusedChunks, value: format.number(of.reusedChunks) })}
        </li>
      </ul>
    </section>
  )
}
