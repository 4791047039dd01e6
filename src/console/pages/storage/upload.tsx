import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useId, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { useRepositories } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import { sendFile, useSending } from '../../lib/uploads.ts'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { toast } from '../../ui/toast.tsx'
import { Code } from '../../ui/words.tsx'
import { SendingCard } from './sending.tsx'

/** A backup that was downloaded elsewhere, or long ago, is brought here: to be looked into, and restored from. */
export function UploadArchive() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const sending = useSending()
  const close = (): void => void navigate({ to: '/storage' })
  return (
    <Sheet title={t('uploads.title')} about={t('uploads.about')} onClose={close}>
      {sending !== null && <SendingCard of={sending} />}
      {(sending === null || sending.stage === 'failed') && <Choose />}
    </Sheet>
  )
}

function Choose() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const refused = useRefusal('create', 'repositories')
  const taken = (useRepositories().data ?? []).map((one) => one.name)
  const [file, setFile] = useState<File | null>(null)
  const [name, setName] = useState('')

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (file === null || taken.includes(name)) return
    const made = await sendFile({ name, file })
    for (const noun of ['repositories', 'backups']) void client.invalidateQueries({ queryKey: [noun] })
    if (made === null) return
    toast(t('uploads.done', { name }))
    // Whoever has gone on to something else is left there.
    if (location.pathname === '/storage/upload') void navigate({ to: '/storage/$name', params: { name } })
  }

  return (
    <form className="grid gap-5" onSubmit={(event) => void submit(event)}>
      <FileField
        file={file}
        onFile={(next) => {
          setFile(next)
          if (name === '') setName(nameFor(next.name, taken))
        }}
      />
      <Input
        required
        code
        label={t('storage.name')}
        hint={t('uploads.nameHint')}
        pattern="[a-z0-9][a-z0-9_\-]*"
        maxLength={63}
        problem={taken.includes(name) ? t('storage.new.taken') : null}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <div className="flex gap-2">
        <Button
          type="submit"
          look="main"
          icon="upload"
          refused={refused ?? (file === null ? t('uploads.chooseFirst') : null)}
        >
          {t('uploads.send')}
        </Button>
        <Button onClick={() => void navigate({ to: '/storage' })}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}

function FileField({ file, onFile }: { file: File | null; onFile: (file: File) => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [over, setOver] = useState(false)
  const id = useId()
  const take = (files: FileList | null): void => {
    const first = files?.item(0) ?? null
    if (first !== null) onFile(first)
  }
  return (
    <div className="grid">
      <input
        type="file"
        id={id}
        accept=".holdfast"
        className="peer sr-only"
        onChange={(event) => take(event.target.files)}
      />
      <label
        htmlFor={id}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          take(event.dataTransfer.files)
        }}
        className={`grid cursor-pointer justify-items-center gap-2 rounded-lg border border-dashed px-6 py-8 text-center transition-colors peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-accent-text ${
          over ? 'border-accent bg-accent-soft' : 'border-edge bg-surface hover:bg-sunken/60'
        }`}
      >
        <Icon name="upload" size={20} className="text-ink-2" />
        {file === null ? (
          <>
            <span className="font-medium">{t('uploads.choose')}</span>
            <span className="text-sm text-ink-2">{t('uploads.chooseHint')}</span>
          </>
        ) : (
          <>
            <span className="font-medium break-all">
              <Code>{file.name}</Code>
            </span>
            <span className="text-sm text-ink-2">
              <bdi>{format.bytes(file.size)}</bdi> · {t('uploads.another')}
            </span>
          </>
        )}
      </label>
    </div>
  )
}

/** What the repository may be called, by what the file is called: `holdfast-20261128T013131Z-8f3a9c21.holdfast` gives `upload-20261128`. */
function nameFor(file: string, taken: readonly string[]): string {
  const day = /(\d{8})T\d{6}Z/.exec(file)?.[1]
  const plain = file
    .toLowerCase()
    .replace(/\.[^.]*$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const base = day === undefined ? plain.slice(0, 50) || 'upload' : `upload-${day}`
  if (!taken.includes(base)) return base
  let count = 2
  while (taken.includes(`${base}-${count}`)) count++
  return `${base}-${count}`
}
