import { useTranslation } from 'react-i18next'
import { Code, Name } from '../ui/words.tsx'
import { useKeys, usePeople, useSchedules } from './queries.ts'

/** Who it was: `person:<id>`, `key:<id>`, `schedule:<id>`. By name where names may be read, and by id otherwise. */
export function Who({ of }: { of: string }) {
  const { t } = useTranslation()
  const [kind = '', id = ''] = of.split(':')
  const people = usePeople().data
  const keys = useKeys().data
  const schedules = useSchedules().data
  const name = [...(people ?? []), ...(keys ?? []), ...(schedules ?? [])].find((one) => one.id === id)?.name
  const word = t(`rights.subjects.${kind}`, { defaultValue: kind })
  if (name !== undefined)
    return (
      <span title={word}>
        <Name>{name}</Name>
      </span>
    )
  return (
    <>
      {word} {id !== '' && <Code className="text-ink-3">{id.slice(0, 8)}</Code>}
    </>
  )
}
