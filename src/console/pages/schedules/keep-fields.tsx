import { useTranslation } from 'react-i18next'
import { keepRules, useKeepWords } from '../../lib/keep-words.ts'
import { Input } from '../../ui/field.tsx'
import { keepOf, type Draft } from './draft.ts'

/** Which backups stay. Zero: the rule does not count. */
export function KeepFields({ draft, onDraft }: { draft: Draft; onDraft: (draft: Draft) => void }) {
  const { t } = useTranslation()
  const words = useKeepWords()
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-1 font-medium">{t('schedules.keepTitle')}</legend>
      <p className="text-ink-2">{words(keepOf(draft, null))}</p>
      <div className="grid grid-cols-5 gap-2 phone:grid-cols-2">
        {keepRules.map((rule) => (
          <Input
            key={rule}
            type="number"
            min={0}
            max={100_000}
            label={<span className="text-sm font-normal text-ink-2">{t(`schedules.keepNames.${rule}`)}</span>}
            value={draft.keep[rule]}
            onChange={(event) =>
              onDraft({ ...draft, keep: { ...draft.keep, [rule]: Number(event.target.value) } })
            }
          />
        ))}
      </div>
      <p className="text-sm text-ink-2">{t('schedules.keepHint')}</p>
    </fieldset>
  )
}
