import type { ReactNode } from 'react'

/** Drawn for this console: 16 px, one stroke, the text's colour. `flip`: it points somewhere, and is mirrored where text runs to the left. */
const shapes = {
  overview: 'M2.5 9.5 8 3.5l5.5 6M4 8v5h8V8',
  backups:
    'M2.5 5c0-1.4 2.5-2.5 5.5-2.5s5.5 1.1 5.5 2.5S11 7.5 8 7.5 2.5 6.4 2.5 5ZM2.5 5v6c0 1.4 2.5 2.5 5.5 2.5s5.5-1.1 5.5-2.5V5M2.5 8c0 1.4 2.5 2.5 5.5 2.5s5.5-1.1 5.5-2.5',
  restores: 'M3 8a5 5 0 1 0 1.500-3.600L3 5.800M3 2.500v3.300h3.300M8 5.500V8l1.800 1.200',
  jobs: 'M2.5 8h2l2-4.5 3 9 2-4.5h2',
  schedules: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM8 5v3l2 1.5',
  sources: 'M3 3h10v4H3zM3 9h10v4H3zM5.5 5h.01M5.5 11h.01',
  storage: 'M8 2.5 13.5 5v6L8 13.5 2.5 11V5L8 2.5ZM2.5 5 8 7.5 13.5 5M8 7.5v6',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.2 10.2l3.3 3.3',
  check: 'M3 8.5 6.5 12 13 4.5',
  proven: 'M8 2.2 13 4v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4l5-1.800ZM5.7 8l1.7 1.700L10.5 6.3',
  warning: 'M8 2.8 14 13H2L8 2.800ZM8 6.500v3M8 11.300v.01',
  failed: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM6 6l4 4M10 6l-4 4',
  cancelled: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM4.2 4.200l7.6 7.6',
  waiting: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM5.5 8h.01M8 8h.01M10.5 8h.01',
  running: 'M8 2.5A5.5 5.5 0 0 1 13.5 8M13.5 8A5.5 5.5 0 1 1 8 2.5',
  none: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Z',
  off: 'M8 2.5v5M5 4.200a5 5 0 1 0 6 0',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  menu: 'M2.5 4.500h11M2.5 8h11M2.5 11.500h11',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  next: 'M6 4l4 4-4 4',
  play: 'M5 3.500v9l7.5-4.500L5 3.500Z',
  language:
    'M8 2.500a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM2.5 8h11M8 2.500c3.5 3.2 3.5 7.8 0 11M8 2.500c-3.5 3.2-3.5 7.8 0 11',
  theme: 'M8 2.500a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM8 2.500v11M8 5.500h4M8 8h5.300M8 10.500h4',
  person: 'M8 3a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5ZM3 13.500c.5-2.5 2.5-3.5 5-3.500s4.5 1 5 3.5',
  leave: 'M6.5 3h-3v10h3M7 8h6.500M11 5.5 13.5 8 11 10.5',
  pin: 'M6 2.500h4l-.5 4 2 2h-7l2-2-.5-4ZM8 8.500v5',
  compare: 'M5.5 3v10M5.5 3 3 5.500M5.5 3 8 5.500M10.5 13V3M10.5 13 8 10.500M10.5 13 13 10.5',
  copy: 'M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3',
  download: 'M8 2.500v8M4.500 7 8 10.500 11.500 7M3 13.500h10',
  upload: 'M8 10.500v-8M4.500 6 8 2.500 11.500 6M3 13.500h10',
  door: 'M3.5 13.500V3l6-1v12l-6-.5M9.500 4h3v9.500h-3M7 8h.01',
  edit: 'M3 13l.7-3L10.5 3.200l2.3 2.300L6 12.3 3 13Z',
  trash: 'M3 4.500h10M6.5 4.500v-2h3v2M4.5 4.500l.5 9h6l.5-9',
  undo: 'M3 6h6.500a3.500 3.500 0 0 1 0 7H6M5.500 3.500 3 6l2.500 2.500',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.600L13 5.800M13 2.500v3.300H9.7',
  filter: 'M2.5 4h11M4.5 8h7M6.5 12h3',
  bell: 'M4 11V7.500a4 4 0 0 1 8 0V11l1 1H3l1-1ZM6.800 14h2.400',
  audit: 'M4 2.500h8v11H4zM6 5.500h4M6 8h4M6 10.500h2',
  system: 'M5 5h6v6H5zM8 2.500V5M8 11v2.500M2.500 8H5M11 8h2.500',
  key: 'M10 3a3 3 0 1 1-2.2 5L3.5 12.500v1H5.500V12H7v-1.500M10.5 5.500h.01',
} as const

export type IconName = keyof typeof shapes

const flipped: readonly IconName[] = ['next', 'leave', 'undo']

export function Icon({
  name,
  size = 16,
  className = '',
}: {
  name: IconName
  size?: number
  className?: string
}): ReactNode {
  const flip = flipped.includes(name) ? 'rtl:-scale-x-100' : ''
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      className={`shrink-0 ${flip} ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={shapes[name]} />
    </svg>
  )
}
