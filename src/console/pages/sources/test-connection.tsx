import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Source, SourceTest } from '../../lib/types.ts'
import { Badge, State, type Meaning } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import type { IconName } from '../../ui/icons.tsx'
import { ErrorNote } from '../../ui/notes.tsx'

const results = ['good', 'note', 'bad', 'unknown'] as const
const looks: Readonly<
  Record<(typeof results)[number], { readonly meaning: Meaning; readonly icon: IconName }>
> = {
  good: { meaning: 'good', icon: 'check' },
  note: { meaning: 'warn', icon: 'warning' },
  bad: { meaning: 'bad', icon: 'failed' },
  unknown: { meaning: 'none', icon: 'none' },
}

interface Login {
  readonly address: string
  readonly password: string
}

/** What a backup would meet, before anything is added or changed: each failure with what to do. `source`: the one that would be changed. */
export function TestConnection({ address, password, source }: Login & { readonly source?: Source }) {
  const { t } = useTranslation()
  const refused = useRefusal('create', 'sources')
  const test = useChange((login: Login) => tested(login, source), [])
  // What was tested is not what stands there any more.
  const { variables } = test
  const same = variables?.address === address && variables.password === password
  const found = same ? test.data : undefined
  return (
    <div className="grid gap-3">
      <div>
        <Button
          icon="proven"
          busy={test.isPending}
          refused={refused ?? (address === '' ? t('sources.new.addressHint') : null)}
          onClick={() => test.mutate({ address, password })}
        >
          {t('sources.test.verb')}
        </Button>
      </div>
      {test.error !== null && <ErrorNote error={test.error} />}
      {found !== undefined && (
        <div className="grid gap-3 rounded-lg border bg-surface p-4" role="status">
          <div>
            <Badge {...looks[found.works ? 'good' : 'bad']}>
              {t(found.works ? 'sources.test.works' : 'sources.test.fails')}
            </Badge>
          </div>
          {found.error !== null && <ErrorNote error={found.error} />}
          <ul className="grid gap-2">
            {found.checks.map(({ name, result, text, hint }) => {
              const look = results.find((one) => one === result) ?? 'unknown'
              return (
                <li key={`${name} ${text}`} className="grid gap-0.5">
                  <div className="flex flex-wrap items-baseline gap-x-3">
                    <bdi className="min-w-0 flex-1 wrap-anywhere">{text}</bdi>
                    <State {...looks[look]}>{t(`sources.test.results.${look}`)}</State>
                  </div>
                  {hint !== null && <bdi className="text-sm wrap-anywhere text-ink-2">{hint}</bdi>}
                </li>
              )
            })}
          </ul>
        </div>
      )}
    </div>
  )
}

/** One that keeps its address is tested with the password that it has, unless another is given. */
async function tested({ address, password }: Login, source: Source | undefined): Promise<SourceTest> {
  if (source?.address === address && password === '')
    return await request<SourceTest>('POST', `/sources/${source.name}/test`)
  const body = { address, ...(password === '' ? {} : { password }), settings: source?.settings ?? {} }
  return await request<SourceTest>('POST', '/sources/test', { body })
}
