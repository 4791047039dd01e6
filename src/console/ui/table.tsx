import { Link, type LinkProps } from '@tanstack/react-router'
import { useVirtualizer, useWindowVirtualizer } from '@tanstack/react-virtual'
import {
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './icons.tsx'
import { scrollerOf, usePhone } from './size.ts'

export interface Column<T> {
  readonly id: string
  readonly head: string
  readonly cell: (row: T) => ReactNode
  /** What rows are sorted by; without it they can't be by this column. */
  readonly sort?: (row: T) => string | number
  /** As CSS has it; columns without one share what is left. */
  readonly width?: string
  /** Numbers stand at the end, under each other. */
  readonly end?: boolean
  /** Where it goes on a phone, whose rows are cards: `aside` beside the first column, `line` under it. */
  readonly phone?: 'aside' | 'line' | 'none'
  /** Left out below this width. */
  readonly from?: 'md' | 'lg'
}

interface TableProps<T> {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly idOf: (row: T) => string
  /** Where a row leads. The first column is the link, and the whole row takes the click. */
  readonly link?: (row: T) => LinkProps
  /** `duration`, or `-duration` for largest first. It is the page's, which keeps it in the address. */
  readonly sort?: string | undefined
  readonly onSort?: (sort: string | undefined) => void
  /** Called when the end comes near, if there is more. */
  readonly onEnd?: (() => void) | undefined
}

/** Names are cut at their own end, which is not the row's where they run the other way. */
const cut = 'truncate [&_bdi]:inline-block [&_bdi]:max-w-full [&_bdi]:truncate [&_bdi]:align-bottom'
const rowHeight = 44
const cardHeight = 72
const shownFrom = { md: 'max-md:hidden', lg: 'max-lg:hidden' } as const

/** A list of any length: only the rows that can be seen are there. */
export function Table<T>(o: TableProps<T>) {
  const { t } = useTranslation()
  const { rows, columns, sort, onEnd } = o
  const phone = usePhone()
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort])
  const top = useRef<HTMLDivElement>(null)
  // Null: the window, as in the console. Another application's page may scroll within itself.
  const [scroller, setScroller] = useState<Element | null>(null)
  const [margin, setMargin] = useState(0)
  useLayoutEffect(() => {
    const found = scrollerOf(top.current)
    const above = found === null ? -window.scrollY : found.getBoundingClientRect().top - found.scrollTop
    setScroller(found)
    setMargin((top.current?.getBoundingClientRect().top ?? 0) - above)
  }, [phone])
  const { idOf } = o
  // Another function would have all rows measured anew, in each frame.
  const getItemKey = useCallback(
    (index: number) => {
      const row = sorted[index]
      return row === undefined ? index : idOf(row)
    },
    [sorted, idOf],
  )
  const list = {
    count: sorted.length,
    estimateSize: () => (phone ? cardHeight : rowHeight),
    overscan: 12,
    scrollMargin: margin,
    getItemKey,
  }
  const inWindow = useWindowVirtualizer({ ...list, enabled: scroller === null })
  const within = useVirtualizer({
    ...list,
    enabled: scroller !== null,
    getScrollElement: () => scroller,
  })
  const virtual = scroller === null ? inWindow : within
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    // To sort by anything but their own order, all of them must be there.
    if (onEnd !== undefined && (last >= sorted.length - 20 || sort !== undefined)) onEnd()
  }, [last, sorted.length, sort, onEnd])

  const before = (items[0]?.start ?? margin) - margin
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin)
  const seen = items.flatMap(({ index, key }) => {
    const row = sorted[index]
    return row === undefined ? [] : [{ row, key, index }]
  })

  return (
    <div ref={top} className="rounded-lg border bg-surface">
      {phone ? (
        <ul aria-label={o.label}>
          <li aria-hidden="true" style={{ height: before }} />
          {seen.map(({ row, key, index }) => (
            <li
              key={key}
              data-index={index}
              ref={virtual.measureElement}
              className={index === 0 ? 'relative' : 'relative border-t'}
            >
              <PhoneRow {...o} row={row} />
            </li>
          ))}
          <li aria-hidden="true" style={{ height: Math.max(0, after) }} />
        </ul>
      ) : (
        <table
          aria-label={o.label}
          aria-rowcount={sorted.length + 1}
          className="w-full table-fixed border-separate border-spacing-0"
        >
          <colgroup>
            {columns.map(({ id, width, from }) => (
              <col
                key={id}
                style={width === undefined ? {} : { width }}
                className={from === undefined ? '' : shownFrom[from]}
              />
            ))}
          </colgroup>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head
                  key={column.id}
                  column={column}
                  sort={sort}
                  onSort={o.onSort}
                  words={{ up: t('table.up'), down: t('table.down') }}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <Space height={before} columns={columns.length} />}
            {seen.map(({ row, key, index }) => (
              <DeskRow key={key} row={row} index={index} columns={columns} link={o.link} />
            ))}
            {after > 0 && <Space height={after} columns={columns.length} />}
          </tbody>
        </table>
      )}
    </div>
  )
}

interface DeskRowProps<T> extends Pick<TableProps<T>, 'columns'> {
  readonly link: TableProps<T>['link'] | undefined
  readonly row: T
  readonly index: number
}

/** While a list is scrolled only the rows that come are drawn. */
const DeskRow = memo(function DeskRow<T>({ row, index, columns, link }: DeskRowProps<T>) {
  return (
    <tr aria-rowindex={index + 2} className="relative h-11 hover:bg-sunken/60">
      {columns.map((column, at) => (
        <td
          key={column.id}
          className={`border-t px-3 ${column.end === true ? 'text-end' : ''} ${column.from === undefined ? '' : shownFrom[column.from]}`}
        >
          <div className={cut}>{at === 0 ? linked(link, row, column.cell(row)) : column.cell(row)}</div>
        </td>
      ))}
    </tr>
  )
}) as <T>(props: DeskRowProps<T>) => ReactNode

function linked<T>(link: TableProps<T>['link'], row: T, content: ReactNode): ReactNode {
  if (link === undefined) return content
  return (
    <Link
      {...link(row)}
      className="font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:rounded-md focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent-text"
    >
      {content}
    </Link>
  )
}

function PhoneRow<T>(o: TableProps<T> & { row: T }) {
  const { columns, row } = o
  const [first, ...others] = columns
  const lines = others.filter(({ phone = 'line' }) => phone === 'line')
  return (
    <div className="grid grid-cols-1 gap-1 px-4 py-3">
      <div className="flex items-center justify-between gap-3">
        <div className="min-w-0 truncate">
          {first === undefined ? null : linked(o.link, row, first.cell(row))}
        </div>
        {others
          .filter(({ phone }) => phone === 'aside')
          .map(({ id, cell }) => (
            <div key={id} className="relative max-w-[60%] shrink-0">
              {cell(row)}
            </div>
          ))}
      </div>
      <div className="flex flex-wrap gap-x-3 text-sm text-ink-2">
        {lines.map(({ id, cell }) => (
          <div key={id} className="min-w-0 max-w-full truncate empty:hidden">
            {cell(row)}
          </div>
        ))}
      </div>
    </div>
  )
}

function Space({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true">
      <td colSpan={columns} style={{ height }} className="p-0" />
    </tr>
  )
}

interface HeadProps<T> {
  readonly column: Column<T>
  readonly sort: string | undefined
  readonly onSort: TableProps<T>['onSort']
  readonly words: { readonly up: string; readonly down: string }
}

function Head<T>({ column, sort, onSort, words }: HeadProps<T>) {
  const { id, head, end = false } = column
  const way = sort === id ? 'ascending' : sort === `-${id}` ? 'descending' : undefined
  const sortable = column.sort !== undefined && onSort !== undefined
  // Largest first, then smallest, then as they came.
  const next = way === undefined ? `-${id}` : way === 'descending' ? id : undefined
  return (
    <th
      scope="col"
      aria-sort={way}
      className={`h-9 truncate rounded-t-lg bg-surface px-3 text-sm font-medium text-ink-2 ${end ? 'text-end' : 'text-start'} ${column.from === undefined ? '' : shownFrom[column.from]}`}
    >
      {sortable ? (
        <button
          type="button"
          onClick={() => onSort(next)}
          className={`inline-flex items-center gap-1 hover:text-ink ${end ? 'flex-row-reverse' : ''}`}
        >
          {head}
          <Icon
            name={way === 'ascending' ? 'up' : 'down'}
            size={12}
            className={way === undefined ? 'opacity-0' : ''}
          />
          <span className="sr-only">
            {way === undefined ? '' : way === 'ascending' ? words.up : words.down}
          </span>
        </button>
      ) : (
        head
      )}
    </th>
  )
}

function sortRows<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  sort: string | undefined,
): readonly T[] {
  if (sort === undefined) return rows
  const down = sort.startsWith('-')
  const key = columns.find(({ id }) => id === sort.slice(down ? 1 : 0))?.sort
  if (key === undefined) return rows
  const way = down ? -1 : 1
  return rows
    .map((row) => ({ row, value: key(row) }))
    .sort((a, b) => (a.value < b.value ? -way : a.value > b.value ? way : 0))
    .map(({ row }) => row)
}
