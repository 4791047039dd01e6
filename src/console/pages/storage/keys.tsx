import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import { useRepositoryKeys } from '../../lib/queries.ts'
import { Facts, SectionHead } from '../../ui/card.tsx'
import { Code, Moment, Name } from '../../ui/words.tsx'

/** Who can open it, who can write to it, and since when which key is in use. Where it can't be asked, its capacity says so. */
export function RepositoryKeys({ name }: { name: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const keys = useRepositoryKeys(name).data?.keys ?? null
  if (keys === null) return null
  const newest = keys.epochs.at(-1)
  const facts = [
    { name: t('storage.keys.owner'), value: <Code>{keys.ownerKey}</Code> },
    {
      name: t('storage.keys.opens'),
      value: keys.recipients.map((one) => (
        <div key={one.name}>
          <Name>{one.name}</Name>
          {one.kind === 'passphrase' && <span className="text-ink-2"> {t('storage.keys.passphrase')}</span>}
          {!one.confirmed && <span className="text-ink-2"> {t('storage.keys.unconfirmed')}</span>}
        </div>
      )),
    },
    {
      name: t('storage.keys.writes'),
      value: keys.hosts.map((one) => (
        <div key={one.id}>
          <Name>{one.name}</Name>
          {one.revokedAt !== null && <span className="text-ink-2"> {t('storage.keys.revoked')}</span>}
        </div>
      )),
    },
    ...(newest === undefined
      ? []
      : [
          {
            name: t('storage.keys.epoch'),
            value: (
              <>
                {format.number(keys.epochs.length)}, <Moment at={newest.created} />
              </>
            ),
          },
        ]),
  ]
  return (
    <section>
      <SectionHead>{t('storage.keys.title')}</SectionHead>
      <Facts facts={facts} />
    </section>
  )
}
