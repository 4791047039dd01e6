import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { searchOf } from './lib/search.ts'
import { currentSession } from './session.ts'
import { Shell } from './shell/shell.tsx'
import { NotFound, PageFailed } from './shell/not-found.tsx'

/*
 * Which address shows which page. A page is loaded when it is first gone to. What a page keeps in its address is told by validateSearch;
 * a sheet is a child of the page that it is seen over.
 */

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: PageFailed })

/** Everything that needs somebody to be signed in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: Shell,
  beforeLoad({ location }) {
    if (currentSession() === null)
      redirect({ to: '/sign-in', search: { to: location.href }, replace: true, throw: true })
  },
})

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
const repository = createRoute({
  getParentRoute: () => storage,
  path: '$name',
  component: lazyRouteComponent(() => import('./pages/storage/details.tsx'), 'RepositoryDetails'),
})

const routes = root.addChildren([
  signIn,
  invitation,
  reset,
  app.addChildren([
    overview,
    backups.addChildren([newBackup, backup]),
    jobs.addChildren([job]),
    schedules.addChildren([newSchedule, schedule]),
    sources.addChildren([newSource, source]),
    storage.addChildren([newRepository, repository]),
  ]),
])

export function newRouter() {
  // A sheet is read before the list under it has scrolled away: going to one or back leaves the list where it was.
  return createRouter({ routeTree: routes, defaultPreload: 'intent', scrollRestoration: false })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof newRouter>
  }
}
