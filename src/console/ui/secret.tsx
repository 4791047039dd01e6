import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import { Warning } from './notes.tsx'

interface SecretProps {
  readonly label: string
  readonly value: string
  /** What it is for, and that it is not shown again. */
  readonly about: string
}

/** What is shown once, such as a link or a key, with a button that copies it. */
export function Secret({ label, value, about }: SecretProps) {
  const { t } = useTranslation()
  const [copied, setCopied] = useState(false)

  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(value)
    setCopied(true)
  }

  return (
    <div className="grid gap-3">
      <Warning>{about}</Warning>
      <div className="flex items-start gap-2 rounded-lg border bg-surface p-3">
        <output
          dir="ltr"
          aria-label={label}
          className="min-w-0 flex-1 font-mono text-sm break-all whitespace-pre-line select-all"
        >
          {value}
        </output>
        <Button icon={copied ? 'check' : 'copy'} onClick={() => void copy().catch(() => undefined)}>
          {t(copied ? 'secret.copied' : 'secret.copy')}
        </Button>
      </div>
    </div>
  )
}
