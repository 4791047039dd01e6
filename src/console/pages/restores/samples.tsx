import { useTranslation } from 'react-i18next'
import { useFormat } from '../../lib/format.ts'
import type { Cell, PreviewTable, Sample, SampleAction } from '../../lib/preview.ts'
import { useSentenceWords, type SentencePart } from '../../lib/sentence-words.ts'
import { Icon } from '../../ui/icons.tsx'
import { Code } from '../../ui/words.tsx'

const groups: readonly {
  readonly action: SampleAction
  readonly sign: string
  readonly colour: string
  readonly count: (table: PreviewTable) => number
}[] = [
  { action: 'create', sign: '+', colour: 'text-good-text', count: ({ create }) => create },
  { action: 'update', sign: '~', colour: 'text-warn-text', count: ({ update }) => update },
  { action: 'delete', sign: '−', colour: 'text-bad-text', count: (table) => table.delete },
  { action: 'conflict', sign: '!', colour: 'text-warn-text', count: ({ conflicts }) => conflicts },
  { action: 'newer', sign: '=', colour: 'text-ink-2', count: ({ leftAlone }) => leftAlone },
]

interface SamplesProps {
  readonly table: PreviewTable
  readonly name: string
  /** What the preview's sentences are made of. */
  readonly parts: readonly SentencePart[]
  readonly open: boolean
}

/** A few rows of each kind, to see whether they are the ones that are meant. */
export function Samples({ table, name, parts, open }: SamplesProps) {
  const { t } = useTranslation()
  const words = useSentenceWords(parts)
  const format = useFormat()
  return (
    <details open={open} className="group rounded-lg border bg-surface">
      <summary className="flex list-none flex-wrap items-center gap-x-3 gap-y-1 rounded-lg px-4 py-2.5 hover:bg-sunken/60">
        <Icon name="next" className="text-ink-3 group-open:rotate-90 rtl:group-open:-rotate-90" />
        <Code className="font-semibold break-all">{name}</Code>
        <span className="text-sm text-ink-2">
          {t('restores.look.unchanged', { count: table.unchanged, value: format.number(table.unchanged) })}
        </span>
      </summary>
      <div className="grid gap-4 border-t px-4 py-3">
        {groups.map(({ action, sign, colour, count }) => {
          const rows = table.samples.filter((sample) => sample.action === action)
          if (rows.length === 0) return null
          const all = count(table)
          return (
            <section key={action} className="grid gap-2">
              <h3 className={`text-base ${colour}`}>
                <span aria-hidden="true" className="me-1.5 font-mono">
                  {sign}
                </span>
                {t(`restores.look.kinds.${action}`, { count: all, value: format.number(all) })}
                {rows.length < all && (
                  <span className="font-normal text-ink-2">
                    {' '}
                    {t('restores.look.shown', { count: rows.length, value: format.number(rows.length) })}
                  </span>
                )}
              </h3>
              <Rows samples={rows} words={words} />
            </section>
          )
        })}
        {table.notes.map((note) => (
          <p key={note} className="text-sm text-ink-2">
            <bdi>{words(note)}</bdi>
          </p>
        ))}
      </div>
    </details>
  )
}

/** The key first, then what changes, then what holds anything. */
function Rows({ samples, words }: { samples: readonly Sample[]; words: (text: string) => string }) {
  const { t } = useTranslation()
  const columns = (samples[0]?.columns ?? [])
    .map(({ name, key }, at) => ({
      name,
      key,
      at,
      changed: samples.some(({ columns: cells }) => cells[at]?.changed),
      empty: samples.every(({ columns: cells }) => valueOf(cells[at]) === null),
    }))
    .filter(({ key, changed, empty }) => key || changed || !empty)
    .sort((a, b) => Number(b.key) - Number(a.key) || Number(b.changed) - Number(a.changed))
  const why = samples.some((sample) => sample.why !== null)
  return (
    <div
      dir="ltr"
      tabIndex={0}
      role="group"
      aria-label={t('restores.look.rows')}
      className="overflow-x-auto rounded-md border"
    >
      <table className="w-full font-mono text-sm">
        <thead>
          <tr>
            {columns.map(({ name, key }) => (
              <th
                key={name}
                scope="col"
                className="bg-sunken px-3 py-1.5 text-left font-medium whitespace-nowrap text-ink-2"
              >
                <bdi>{name}</bdi>
                {key && <Icon name="key" size={12} className="ms-1 inline" />}
              </th>
            ))}
            {why && (
              <th scope="col" className="bg-sunken px-3 py-1.5 text-left font-sans font-medium text-ink-2">
                {t('restores.look.why')}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {samples.map((sample, index) => (
            <tr key={index}>
              {columns.map(({ name, at }) => (
                <td
                  key={name}
                  className="max-w-72 border-t px-3 py-1.5 align-top break-words whitespace-pre-wrap"
                >
                  <CellValue cell={sample.columns[at]} />
                </td>
              ))}
              {why && (
                <td className="border-t px-3 py-1.5 font-sans text-ink-2">
                  <bdi>{sample.why === null ? '' : words(sample.why)}</bdi>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** What the row is now, or will be where it is not there. */
function valueOf(cell: Cell | undefined): string | null {
  return cell?.before ?? cell?.after ?? null
}

function CellValue({ cell }: { cell: Cell | undefined }) {
  const { t } = useTranslation()
  if (cell === undefined) return null
  if (!cell.changed) {
    return (
      <>
        <Value of={valueOf(cell)} />
        {cell.renewed && (
          <span className="ms-1 font-sans text-xs text-ink-2">{t('restores.look.renewed')}</span>
        )}
      </>
    )
  }
  return (
    <span className="inline-flex flex-wrap gap-x-2">
      <del className="rounded-sm bg-bad-soft px-1 text-bad-text">
        <Value of={cell.before} />
      </del>
      <ins className="rounded-sm bg-good-soft px-1 text-good-text no-underline">
        <Value of={cell.after} />
      </ins>
    </span>
  )
}

function Value({ of }: { of: string | null }) {
  // As SQL has it, in every language.
  return of === null ? (
    <span className="italic opacity-80">{'NULL'}</span>
  ) : (
    <bdi>{of === '' ? "''" : of}</bdi>
  )
}
