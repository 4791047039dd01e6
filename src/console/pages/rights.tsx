import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import { useRoles } from '../lib/queries.ts'
import { PageHead } from '../ui/card.tsx'
import { ErrorNote, Skeleton } from '../ui/notes.tsx'

/** Who may do what, as the service holds it: nothing of it can be changed. */
export function RightsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const roles = useRoles()
  const resources = Object.keys(roles.data?.[0]?.rights ?? {})
  return (
    <>
      <PageHead title={t('nav.rights')} about={t('rights.pageAbout')} />
      {roles.error !== null && <ErrorNote error={roles.error} />}
      {roles.data === undefined && roles.error === null && <Skeleton className="h-80" />}
      {roles.data !== undefined && (
        <div
          tabIndex={0}
          role="group"
          aria-label={t('nav.rights')}
          className="overflow-x-auto rounded-lg border bg-surface"
        >
          {' '}
          {/* prettier-ignore */}
          <table className="w-full min-w-[760px]">
            <thead>
              <tr>
                <td className="w-1/5 px-3" />
                {roles.data.map(({ role, scope }) => (
                  <th key={role} scope="col" className="px-3 py-2 text-start align-top font-medium">
                    {t(`rights.roles.${role}`)}
                    <span className="block text-sm font-normal text-ink-3">{t(`rights.scopes.${scope}`)}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {resources.map((resource) => (
                <tr key={resource} className="hover:bg-sunken/60">
                  <th scope="row" className="border-t px-3 py-2 text-start font-medium">
                    {t(`audit.nouns.${resource}`)}
                  </th>
                  {roles.data.map(({ role, rights }) => {
                    const actions = rights[resource] ?? []
                    return (
                      <td key={role} className={`border-t px-3 py-2 ${actions.length === 0 ? 'text-ink-3' : ''}`}>
                        {actions.length === 0
                          ? '–'
                          : actions.length === 4
                            ? t('rights.all')
                            : format.list(actions.map((action) => t(`rights.actions.${action}`)))}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}
