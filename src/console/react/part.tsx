import { createMemoryHistory, Link, Outlet, RouterProvider, useRouterState } from '@tanstack/react-router'
import { createContext, useContext, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { newRouter } from '../router.tsx'
import { useSession } from '../session.ts'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icons.tsx'
import { ErrorNote, Skeleton } from '../ui/notes.tsx'
import { phoneWidth, useWidth } from '../ui/size.ts'
import { rootOf, useConnection } from './connection.ts'
import { ownPlaces, partOf } from './places.ts'
import type { PartName, PartProps } from './react.tsx'
import { Within } from './within.tsx'

interface Named extends PartProps {
  readonly name: PartName
}

/**
 * A part is the console's own page, with its address in memory: whatever the pages can do, parts can, and nothing of them is written
 * twice.
 */
export function Part({ name, at, onNavigate }: Named) {
  const connection = useConnection()
  const session = useSession()
  const [ref, width] = useWidth<HTMLDivElement>()
  const { messages, error, retry } = connection
  return (
    <div ref={ref} className="holdfast" {...rootOf(connection)}>
      <div className="p-5 phone:p-4">
        {messages === null ? (
          <Skeleton className="h-80" />
        ) : (
          <Within connection={connection} messages={messages} phone={width === 0 ? null : width < phoneWidth}>
            {session !== null ? (
              <Pages name={name} at={at} onNavigate={onNavigate} />
            ) : error !== null ? (
              <ErrorNote error={error} retry={retry} />
            ) : (
              <Skeleton className="h-80" />
            )}
          </Within>
        )}
      </div>
    </div>
  )
}

function Pages(o: Named) {
  const { name, at } = o
  const told = useRef(o.onNavigate)
  useEffect(() => {
    told.current = o.onNavigate
  }, [o.onNavigate])
  const [router] = useState(() => {
    const history = createMemoryHistory({ initialEntries: [at ?? ownPlaces[name].home] })
    // What is in memory only has no address that could be opened beside it.
    history.createHref = () => '#'
    return newRouter({ frame: Frame, history })
  })
  const { history } = router
  useEffect(
    () =>
      history.block({
        blockerFn: ({ nextLocation: { pathname, href } }) =>
          told.current?.({ part: partOf(pathname), address: href }) === true,
        enableBeforeUnload: false,
      }),
    [history],
  )
  useEffect(() => {
    if (at !== undefined && at !== history.location.href) history.push(at, undefined, { ignoreBlocker: true })
  }, [at, history])
  return (
    <OwnName.Provider value={name}>
      <RouterProvider router={router} />
    </OwnName.Provider>
  )
}

const OwnName = createContext<PartName>('dashboard')

/** Around every page of a part: the way back, where links have led out of it. */
function Frame() {
  const { t } = useTranslation()
  const name = useContext(OwnName)
  const away = useRouterState({ select: ({ location }) => partOf(location.pathname) !== name })
  const { home, title } = ownPlaces[name]
  return (
    <>
      {away && (
        <div className="mb-3">
          <Button asChild look="quiet">
            <Link to={home}>
              <Icon name="next" className="rotate-180" />
              {t('parts.back', { page: t(title) })}
            </Link>
          </Button>
        </div>
      )}
      <Outlet />
    </>
  )
}
