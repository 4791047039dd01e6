import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type RouterHistory,
} from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { searchOf } from './lib/search.ts'
import { choiceNames } from './pages/restores/choice.ts'
import { currentSession } from './session.ts'
import { NotFound, PageFailed } from './shell/not-found.tsx'

/*
 * Which address shows which page. A page is loaded when it is first gone to. What a page keeps in its address is told by validateSearch;
 * a sheet is a child of the page that it is seen over.
 */

interface RouterContext {
  /** What is around every page: the shell, or what a part of another application has there. */
  readonly frame: ComponentType
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: PageFailed,
})

/** Everything that needs somebody to be signed in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: Framed,
  beforeLoad({ location }) {
    if (currentSession() === null)
      redirect({ to: '/sign-in', search: { to: location.href }, replace: true, throw: true })
  },
})

function Framed() {
  const { frame: Frame } = app.useRouteContext()
  return <Frame />
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: searchOf('to', 'error'),
  component: lazyRouteComponent(() => import('./pages/sign-in.tsx'), 'SignInPage'),
})
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./pages/invitation.tsx'), 'InvitationPage'),
})
const reset = createRoute({
  getParentRoute: () => root,
  path: '/reset',
  component: lazyRouteComponent(() => import('./pages/reset.tsx'), 'ResetPage'),
})

const overview = createRoute({
  getParentRoute: () => app,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview.tsx'), 'OverviewPage'),
})

const backups = createRoute({
  getParentRoute: () => app,
  path: '/backups',
  validateSearch: searchOf('source', 'repository', 'sort'),
  component: lazyRouteComponent(() => import('./pages/backups.tsx'), 'BackupsPage'),
})
const newBackup = createRoute({
  getParentRoute: () => backups,
  path: 'new',
  component: lazyRouteComponent(() => import('./pages/backups/new.tsx'), 'NewBackup'),
})
const backup = createRoute({
  getParentRoute: () => backups,
  path: '$id',
  validateSearch: searchOf('with'),
  component: lazyRouteComponent(() => import('./pages/backups/details.tsx'), 'BackupDetails'),
})

const restores = createRoute({
  getParentRoute: () => app,
  path: '/restores',
  validateSearch: searchOf('source'),
  component: lazyRouteComponent(() => import('./pages/restores.tsx'), 'RestoresPage'),
})
const newRestore = createRoute({
  getParentRoute: () => app,
  path: '/restores/new',
  validateSearch: searchOf(...choiceNames),
  component: lazyRouteComponent(() => import('./pages/restores/new.tsx'), 'NewRestore'),
})
const restore = createRoute({
  getParentRoute: () => app,
  path: '/restores/$id',
  component: lazyRouteComponent(() => import('./pages/restores/one.tsx'), 'RestorePage'),
})

const jobs = createRoute({
  getParentRoute: () => app,
  path: '/jobs',
  validateSearch: searchOf('status', 'kind', 'source', 'sort'),
  component: lazyRouteComponent(() => import('./pages/jobs.tsx'), 'JobsPage'),
})
const job = createRoute({
  getParentRoute: () => jobs,
  path: '$id',
  component: lazyRouteComponent(() => import('./pages/jobs/details.tsx'), 'JobDetails'),
})

const schedules = createRoute({
  getParentRoute: () => app,
  path: '/schedules',
  component: lazyRouteComponent(() => import('./pages/schedules.tsx'), 'SchedulesPage'),
})
const newSchedule = createRoute({
  getParentRoute: () => schedules,
  path: 'new',
  validateSearch: searchOf('of'),
  component: lazyRouteComponent(() => import('./pages/schedules/form.tsx'), 'NewSchedule'),
})
const schedule = createRoute({
  getParentRoute: () => schedules,
  path: '$name',
  component: lazyRouteComponent(() => import('./pages/schedules/form.tsx'), 'EditSchedule'),
})

const sources = createRoute({
  getParentRoute: () => app,
  path: '/sources',
  component: lazyRouteComponent(() => import('./pages/sources.tsx'), 'SourcesPage'),
})
const newSource = createRoute({
  getParentRoute: () => sources,
  path: 'new',
  component: lazyRouteComponent(() => import('./pages/sources/new.tsx'), 'NewSource'),
})
const source = createRoute({
  getParentRoute: () => sources,
  path: '$name',
  validateSearch: searchOf('at'),
  component: lazyRouteComponent(() => import('./pages/sources/details.tsx'), 'SourceDetails'),
})
const editSource = createRoute({
  getParentRoute: () => sources,
  path: '$name/edit',
  component: lazyRouteComponent(() => import('./pages/sources/edit.tsx'), 'EditSource'),
})

const storage = createRoute({
  getParentRoute: () => app,
  path: '/storage',
  component: lazyRouteComponent(() => import('./pages/storage.tsx'), 'StoragePage'),
})
const newRepository = createRoute({
  getParentRoute: () => storage,
  path: 'new',
  component: lazyRouteComponent(() => import('./pages/storage/new.tsx'), 'NewRepository'),
})
const upload = createRoute({
  getParentRoute: () => storage,
  path: 'upload',
  component: lazyRouteComponent(() => import('./pages/storage/upload.tsx'), 'UploadArchive'),
})
const repository = createRoute({
  getParentRoute: () => storage,
  path: '$name',
  component: lazyRouteComponent(() => import('./pages/storage/details.tsx'), 'RepositoryDetails'),
})

const people = createRoute({
  getParentRoute: () => app,
  path: '/people',
  component: lazyRouteComponent(() => import('./pages/people.tsx'), 'PeoplePage'),
})
const invite = createRoute({
  getParentRoute: () => people,
  path: 'new',
  component: lazyRouteComponent(() => import('./pages/people/invite.tsx'), 'InvitePerson'),
})
const person = createRoute({
  getParentRoute: () => people,
  path: '$id',
  component: lazyRouteComponent(() => import('./pages/people/details.tsx'), 'PersonDetails'),
})

const alarms = createRoute({
  getParentRoute: () => app,
  path: '/alarms',
  validateSearch: searchOf('open', 'severity'),
  component: lazyRouteComponent(() => import('./pages/alarms.tsx'), 'AlarmsPage'),
})
const alarm = createRoute({
  getParentRoute: () => alarms,
  path: '$id',
  component: lazyRouteComponent(() => import('./pages/alarms/details.tsx'), 'AlarmDetails'),
})

const approvals = createRoute({
  getParentRoute: () => app,
  path: '/approvals',
  component: lazyRouteComponent(() => import('./pages/approvals.tsx'), 'ApprovalsPage'),
})
const account = createRoute({
  getParentRoute: () => app,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account.tsx'), 'AccountPage'),
})

const providers = createRoute({
  getParentRoute: () => app,
  path: '/providers',
  component: lazyRouteComponent(() => import('./pages/providers.tsx'), 'ProvidersPage'),
})
const newProvider = createRoute({
  getParentRoute: () => providers,
  path: 'new',
  component: lazyRouteComponent(() => import('./pages/providers/new.tsx'), 'NewProvider'),
})

const keys = createRoute({
  getParentRoute: () => app,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/keys.tsx'), 'KeysPage'),
})
const newKey = createRoute({
  getParentRoute: () => keys,
  path: 'new',
  component: lazyRouteComponent(() => import('./pages/keys/new.tsx'), 'NewKey'),
})
const key = createRoute({
  getParentRoute: () => keys,
  path: '$id',
  component: lazyRouteComponent(() => import('./pages/keys/details.tsx'), 'KeyDetails'),
})

const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  validateSearch: searchOf('who', 'action', 'result'),
  component: lazyRouteComponent(() => import('./pages/audit.tsx'), 'AuditPage'),
})
const auditEntry = createRoute({
  getParentRoute: () => audit,
  path: '$number',
  component: lazyRouteComponent(() => import('./pages/audit/details.tsx'), 'AuditDetails'),
})

const rights = createRoute({
  getParentRoute: () => app,
  path: '/rights',
  component: lazyRouteComponent(() => import('./pages/rights.tsx'), 'RightsPage'),
})
const system = createRoute({
  getParentRoute: () => app,
  path: '/system',
  component: lazyRouteComponent(() => import('./pages/system.tsx'), 'SystemPage'),
})

const destinations = createRoute({
  getParentRoute: () => app,
  path: '/destinations',
  component: lazyRouteComponent(() => import('./pages/destinations.tsx'), 'DestinationsPage'),
})
const newDestination = createRoute({
  getParentRoute: () => destinations,
  path: 'new',
  validateSearch: searchOf('kind', 'source', 'schedule'),
  component: lazyRouteComponent(() => import('./pages/destinations/new.tsx'), 'NewDestination'),
})

const destination = createRoute({
  getParentRoute: () => destinations,
  path: '$name',
  component: lazyRouteComponent(() => import('./pages/destinations/details.tsx'), 'DestinationDetails'),
})

const routes = root.addChildren([
  signIn,
  invitation,
  reset,
  app.addChildren([
    overview,
    backups.addChildren([newBackup, backup]),
    restores,
    newRestore,
    restore,
    jobs.addChildren([job]),
    schedules.addChildren([newSchedule, schedule]),
    sources.addChildren([newSource, source, editSource]),
    storage.addChildren([newRepository, upload, repository]),
    people.addChildren([invite, person]),
    alarms.addChildren([alarm]),
    providers.addChildren([newProvider]),
    keys.addChildren([newKey, key]),
    audit.addChildren([auditEntry]),
    rights,
    system,
    destinations.addChildren([newDestination, destination]),
    approvals,
    account,
  ]),
])

/** `history`: where the address is kept, if not in the browser's. */
export function newRouter({ frame, history }: RouterContext & { readonly history?: RouterHistory }) {
  // A sheet is read before the list under it has scrolled away: going to one or back leaves the list where it was.
  return createRouter({
    routeTree: routes,
    context: { frame },
    defaultPreload: 'intent',
    scrollRestoration: false,
    ...(history === undefined ? {} : { history }),
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof newRouter>
  }
}
