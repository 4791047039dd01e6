import { Hono, type Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { isHoldfastError } from '../lib/errors.ts'
import { beginOidc, finishOidc } from '../people/oidc.ts'
import { arrivalOf, requireConfidential } from './arrival.ts'
import type { SignInOptions } from './caller.ts'
import type { ApiEnv } from './context.ts'
import type { Pace } from './pace.ts'
import { openSession } from './session-cookie.ts'

/**
 * Where a browser goes to sign in at a provider, and where it comes back: pages, not routes of the API, since it is sent there. What goes
 * wrong is told to the console's page as `/sign-in?error=CODE`.
 */
export function oidcPages(o: SignInOptions, pace: Pace): Hono<ApiEnv> {
  const pages = new Hono<ApiEnv>()

  pages.use(async (c, next) => {
    const arrival = arrivalOf(o, c)
    pace.take(`address ${arrival.address}`)
    requireConfidential(arrival)
    c.header('cache-control', 'no-store')
    await next()
  })

  pages.get('/:name', (c) =>
    leading(c, async () => {
      const { encrypted } = arrivalOf(o, c)
      const name = c.req.param('name')
      const redirectUri = `${baseOf(c)}/sign-in/oidc/${encodeURIComponent(name)}/callback`
      const begun = await beginOidc(o, { name, redirectUri, again: c.req.query('again') !== undefined })
      setCookie(c, cookieOf(encrypted), begun.cookie, {
        httpOnly: true,
        secure: encrypted,
        // It comes back from the provider's site.
        sameSite: 'Lax',
        path: '/',
        maxAge: 600,
      })
      return begun.url
    }),
  )

  pages.get('/:name/callback', (c) =>
    leading(c, async () => {
      const { encrypted } = arrivalOf(o, c)
      const cookie = getCookie(c, cookieOf(encrypted)) ?? ''
      deleteCookie(c, cookieOf(encrypted), { path: '/', secure: encrypted })
      const name = c.req.param('name')
      const query = new URL(c.req.url).searchParams
      const { personId, recentAt } = await finishOidc(o, { name, cookie, query })
      await openSession(o, c, { personId, how: name, recentAt, passwordAt: null })
      return '/'
    }),
  )

  /** Only where people are known to reach the service, or this machine by itself: never what a request says. */
  function baseOf(c: Context<ApiEnv>): string {
    return o.publicUrl ?? new URL(c.req.url).origin
  }

  async function leading(c: Context<ApiEnv>, work: () => Promise<string>): Promise<Response> {
    try {
      return c.redirect(await work(), 303)
    } catch (error) {
      if (!isHoldfastError(error) || !['sign_in_failed', 'provider_failed'].includes(error.code)) throw error
      o.log(`Sign-in at a provider: ${error.message}`)
      return c.redirect(`/sign-in?error=${error.code}`, 303)
    }
  }

  return pages
}

function cookieOf(encrypted: boolean): string {
  return encrypted ? '__Host-holdfast-oidc' : 'holdfast-oidc'
}
