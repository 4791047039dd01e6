import type { ReactNode } from 'react'
import { Part } from './part.tsx'
import { Provider } from './provider.tsx'
import './styles.css'

/*
 * holdfast/react: parts of the console for an application's own page. This file is all that an application sees of them: the declarations that
 * go with the build are made from it alone, so it takes no types from elsewhere.
 */

export interface HoldfastProviderProps {
  /**
   * What stands for `/api/v1` of the service: an address of the application below which it forwards (`forward` of `holdfast/client`),
   * such as `/holdfast`. All providers of a page have the same.
   */
  readonly api: string
  /** Default: `en`. Arabic runs from right to left, whatever the page around it does. */
  readonly language?: 'en' | 'ar' | undefined
  /** Default: `system`, which is what the browser says. */
  readonly theme?: 'system' | 'light' | 'dark' | undefined
  /** The name of the one source that is shown. It narrows what is seen; what may be seen is up to the key that the application forwards with. */
  readonly source?: string | undefined
  /** In place of the browser's own, such as to send along what the application knows its user by. */
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly children?: ReactNode
}

/** Around the parts of a page, at any distance. It draws nothing where it stands. */
export function HoldfastProvider(props: HoldfastProviderProps): ReactNode {
  return <Provider {...props} />
}

export type PartName = 'dashboard' | 'manager' | 'scheduler' | 'wizard' | 'storage'

/** Where a part goes, or is. */
export interface Place {
  /** Which part shows it as its own; null: none, such as a job or a source. Every part can show every place. */
  readonly part: PartName | null
  /** As the console has it: `/restores/new?source=shop`. */
  readonly address: string
}

export interface PartProps {
  /**
   * The place that it begins at, if not at its own first page. Another value later makes it go there; in between it goes where it is led
   * to.
   */
  readonly at?: string | undefined
  /** Told before the part goes somewhere. True: the application goes there itself, as to another of its pages, and the part stays. */
  readonly onNavigate?: ((to: Place) => boolean | undefined | void) | undefined
}

/** How safe each source is, what runs, what lately ended, and how full the storage is. */
export function BackupDashboard(props: PartProps): ReactNode {
  return <Part name="dashboard" {...props} />
}

/** All backups: started, looked into, compared, proven, pinned, downloaded, removed. */
export function BackupManager(props: PartProps): ReactNode {
  return <Part name="manager" {...props} />
}

/** When backups, drills and checks come by themselves, and what is kept. */
export function BackupScheduler(props: PartProps): ReactNode {
  return <Part name="scheduler" {...props} />
}

/** From the moment that is to come back to its result, and undoing it. */
export function RestoreWizard(props: PartProps): ReactNode {
  return <Part name="wizard" {...props} />
}

/** Where backups are, what is used there, and until when there is room. */
export function StorageOverview(props: PartProps): ReactNode {
  return <Part name="storage" {...props} />
}
