import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { encode } from 'uqr'
import { request } from '../../lib/api.ts'
import type { RecoveryCodes, TotpSecret } from '../../lib/types.ts'
import { rereadSession, useSession } from '../../session.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Secret } from '../../ui/secret.tsx'
import { toast } from '../../ui/toast.tsx'
import { Code } from '../../ui/words.tsx'

type Wish = 'on' | 'renew' | 'off'

/** Codes of an app beside the password: switched on by the first one, with codes for the day on which the phone is lost. */
export function Codes() {
  const { t } = useTranslation()
  const on = useSession()?.totp === true
  const [wish, setWish] = useState<Wish | null>(null)
  const [secret, setSecret] = useState<TotpSecret | null>(null)
  const [recovery, setRecovery] = useState<readonly string[] | null>(null)

  async function prove(password: string): Promise<void> {
    const body = { password }
    if (wish === 'on') setSecret(await request<TotpSecret>('POST', '/me/totp', { body }))
    if (wish === 'renew')
      setRecovery((await request<RecoveryCodes>('POST', '/me/totp/recovery-codes', { body })).recoveryCodes)
    if (wish === 'off') {
      await request('POST', '/me/totp/off', { body })
      await rereadSession()
      toast(t('me.codes.switchedOff'))
    }
    setWish(null)
  }

  async function confirm(code: string): Promise<void> {
    const made = await request<RecoveryCodes>('POST', '/me/totp/confirm', { body: { code } })
    setRecovery(made.recoveryCodes)
    setSecret(null)
    await rereadSession()
  }

  return (
    <section className="grid gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="text-lg">{t('me.codes.title')}</h2>
        <Badge meaning={on ? 'good' : 'none'} icon={on ? 'proven' : 'off'}>
          {t(on ? 'me.codes.on' : 'me.codes.off')}
        </Badge>
      </div>
      <p className="text-ink-2">{t('me.codes.about')}</p>
      {recovery !== null && (
        <Secret
          label={t('me.codes.recovery')}
          value={recovery.join('\n')}
          about={t('me.codes.recoveryAbout')}
        />
      )}
      {secret !== null && <SetUp secret={secret} onCode={confirm} />}
      {wish !== null && <Prove onPassword={prove} onBack={() => setWish(null)} />}
      {wish === null && secret === null && (
        <div className="flex flex-wrap gap-2">
          {on ? (
            <>
              <Button onClick={() => setWish('renew')}>{t('me.codes.renew')}</Button>
              <Button look="quiet" onClick={() => setWish('off')}>
                {t('me.codes.turnOff')}
              </Button>
            </>
          ) : (
            <Button look="main" onClick={() => setWish('on')}>
              {t('me.codes.turnOn')}
            </Button>
          )}
        </div>
      )}
    </section>
  )
}

function Prove({
  onPassword,
  onBack,
}: {
  onPassword: (password: string) => Promise<void>
  onBack: () => void
}) {
  const { t } = useTranslation()
  const [password, setPassword] = useState('')
  const prove = useMutation({ mutationFn: onPassword })
  return (
    <form
      className="grid gap-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        prove.mutate(password)
      }}
    >
      <Input
        required
        autoFocus
        type="password"
        dir="ltr"
        autoComplete="current-password"
        label={t('me.password.current')}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {prove.error !== null && <ErrorNote error={prove.error} />}
      <div className="flex gap-2">
        <Button type="submit" look="main" busy={prove.isPending}>
          {t('me.codes.next')}
        </Button>
        <Button onClick={onBack}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}

function SetUp({ secret, onCode }: { secret: TotpSecret; onCode: (code: string) => Promise<void> }) {
  const { t } = useTranslation()
  const [code, setCode] = useState('')
  const confirm = useMutation({ mutationFn: onCode })
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        confirm.mutate(code.trim())
      }}
    >
      <div className="flex flex-wrap items-center gap-5">
        <Picture text={secret.url} label={t('me.codes.picture')} />
        <div className="grid min-w-0 flex-1 basis-52 gap-2">
          <p>{t('me.codes.scan')}</p>
          <p className="text-sm text-ink-2">{t('me.codes.byHand')}</p>
          <Code className="break-all select-all">{secret.secret}</Code>
        </div>
      </div>
      <Input
        required
        autoFocus
        code
        inputMode="numeric"
        autoComplete="one-time-code"
        label={t('me.codes.first')}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      {confirm.error !== null && <ErrorNote error={confirm.error} />}
      <div>
        <Button type="submit" look="main" busy={confirm.isPending}>
          {t('me.codes.turnOn')}
        </Button>
      </div>
    </form>
  )
}

/** What an app reads with the camera: dark on light in both themes, with the margin that readers need. */
function Picture({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 3 })
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg
      role="img"
      aria-label={label}
      width={176}
      height={176}
      viewBox={`0 0 ${size} ${size}`}
      className="shrink-0 rounded-lg"
      shapeRendering="crispEdges"
    >
      {' '}
      {/* prettier-ignore */}
      <rect width={size} height={size} fill="#fff" />
      <path d={path.join('')} fill="#000" />
    </svg>
  )
}
