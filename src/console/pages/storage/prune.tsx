import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { KeepPreview } from '../../lib/keep-preview.tsx'
import { useKeepWords } from '../../lib/keep-words.ts'
import { useSchedules, useSources } from '../../lib/queries.ts'
import type { Repository } from '../../lib/types.ts'
import { SectionHead } from '../../ui/card.tsx'
import { Select } from '../../ui/field.tsx'

/** What the next clean-up would leave of a source, by the rules of its schedule. */
export function PrunePreview({ repository }: { repository: Repository }) {
  const { t } = useTranslation()
  const words = useKeepWords()
  const schedules = useSchedules().data ?? []
  const own = (useSources().data ?? []).flatMap(({ id, name, repositoryId }) => {
    const keep = schedules.find((one) => one.sourceId === id && one.keep !== null)?.keep ?? null
    return repositoryId === repository.id && keep !== null ? [{ name, keep }] : []
  })
  const [chosen, setChosen] = useState('')
  const one = own.find(({ name }) => name === chosen) ?? own[0]
  if (one === undefined) return null
  return (
    <section>
      <SectionHead>{t('keep.title')}</SectionHead>
      <div className="grid gap-3 rounded-lg border bg-surface p-4">
        {own.length > 1 && (
          <Select
            label={t('sources.one')}
            value={one.name}
            choices={own.map(({ name }) => ({ value: name, text: name }))}
            onChoose={setChosen}
          />
        )}
        <p className="text-ink-2">{words(one.keep)}</p>
        <KeepPreview key={one.name} source={one.name} keep={one.keep} />
      </div>
    </section>
  )
}
