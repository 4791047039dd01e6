import { useSyncExternalStore } from 'react'
import { ApiError, request } from './lib/api.ts'

/*
 * Who is signed in, and what they may do: the one place that knows how. An account has a cookie, which scripts can't read, and a token
 * that says with every change that it was this page that asked. A key of the API stays in this tab, and is gone with it.
 */

/** What the rights are about, and what can be done to it: as src/catalog/permissions.ts has them. */
export type Resource = 'repositories' | 'sources' | 'schedules' | 'jobs' | 'backups' | 'restores'
export type Action = 'read' | 'create' | 'change' | 'remove'

export interface Session {
  /** Empty for a key. */
  readonly name: string
  readonly role: string
  /** By resource, which actions; null: not told, so that the API's refusal must do. */
  readonly rights: Readonly<Record<string, readonly string[]>> | null
  readonly csrf?: string
}

const place = 'holdfast.key'
let key: string | null = sessionStorage.getItem(place)
let session: Session | null = null
const listeners = new Set<() => void>()

function tell(next: Session | null): void {
  session = next
  for (const listener of listeners) listener()
}

/** What a request carries to be let in. */
export function credentials(): Readonly<Record<string, string>> {
  if (key !== null) return { authorization: `Bearer ${key}` }
  return session?.csrf === undefined ? {} : { 'holdfast-csrf': session.csrf }
}

/** Finds out whether somebody is signed in. Called once, before anything is shown. */
export async function resumeSession(): Promise<void> {
  tell(await askWho())
}

/** Throws ApiError: `sign_in_failed`, or `code_needed` where the account has a second factor. */
export async function signIn(o: { email: string; password: string; code?: string }): Promise<void> {
  await request('POST', '/session', { body: o })
  key = null
  tell(await askWho())
}

/** Throws ApiError `not_signed_in` if the key is none. */
export async function signInWithKey(given: string): Promise<void> {
  key = given
  const found = await askWho()
  if (found === null) {
    key = null
    throw new ApiError({ code: 'not_signed_in', hint: '', status: 401, detail: '' })
  }
  sessionStorage.setItem(place, given)
  tell(found)
}

export async function signOut(): Promise<void> {
  if (key === null) await request('DELETE', '/session').catch(() => undefined)
  endSession()
}

/** Whoever it was is not signed in any more: the API has said so, or they have. */
export function endSession(): void {
  key = null
  sessionStorage.removeItem(place)
  if (session !== null) tell(null)
}

async function askWho(): Promise<Session | null> {
  try {
    return await request<Session>('GET', '/session')
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0
    // A service that knows only keys has let this one in as far as its answer that there is no such page.
    return key !== null && status === 404 ? { name: '', role: 'key', rights: null } : null
  }
}

/** Told when somebody is not signed in any more. */
export function onSessionEnd(told: () => void): () => void {
  const listener = (): void => {
    if (session === null) told()
  }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function currentSession(): Session | null {
  return session
}

export function useSession(): Session | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentSession)
}

/** Whether the role has the right; lib/rights.ts has the words for what it lacks. */
export function useMay(action: Action, resource: Resource): boolean {
  const rights = useSession()?.rights
  return rights === null || rights === undefined || rights[resource]?.includes(action) === true
}
