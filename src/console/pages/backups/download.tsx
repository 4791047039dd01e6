import { useTranslation } from 'react-i18next'
import { reachedAs, request } from '../../lib/api.ts'
import type { BackupFacts } from '../../lib/backup-facts.ts'
import { useChange, useRepositories } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { DownloadInput, DownloadLink } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Menu, MenuItem, MenuLine } from '../../ui/menu.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Dialog } from '../../ui/overlay.tsx'

const clear = ['sql', 'folder', 'csv', 'json'] as const

/** The backup as one file: sealed, as it is in the repository, or in clear, which takes a right of its own and the repository's identity. */
export function Download({ of }: { of: BackupFacts }) {
  const { t } = useTranslation()
  const [sealed, open] = [useRefusal('create', 'archives'), useRefusal('create', 'exports')]
  const repository = useRepositories().data?.find(({ id }) => id === of.repositoryId)?.name
  const download = useChange(
    (format: DownloadInput['format']) =>
      request<DownloadLink>('POST', `/backups/${of.id}/downloads`, { body: { format, repository } }),
    [],
  )
  const begin = (format: DownloadInput['format']): void =>
    download.mutate(format, { onSuccess: ({ url }) => follow(url) })
  return (
    <>
      <Menu
        side="top"
        trigger={
          <Button icon="download" busy={download.isPending}>
            {t('backups.download.verb')}
          </Button>
        }
      >
        <MenuItem icon="key" refused={sealed} onSelect={() => begin('archive')}>
          {t('backups.download.archive')}
        </MenuItem>
        <MenuLine />
        {clear.map((format) => (
          <MenuItem key={format} refused={open} onSelect={() => begin(format)}>
            {t(`backups.download.${format}`)}
          </MenuItem>
        ))}
      </Menu>
      {download.error !== null && (
        <Dialog title={t('backups.download.failed')} onClose={() => download.reset()}>
          <ErrorNote error={download.error} />
          <div className="flex justify-end">
            <Button onClick={() => download.reset()}>{t('common.close')}</Button>
          </div>
        </Dialog>
      )}
    </>
  )
}

/** As a link that is clicked: the browser saves it, shows how far it is, and the page stays. */
function follow(url: string): void {
  const link = document.createElement('a')
  link.href = reachedAs(url)
  link.download = ''
  link.click()
}
