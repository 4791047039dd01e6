import { useSyncExternalStore } from 'react'
import { isApiError, request } from './lib/api.ts'
import type { Me } from './lib/types.ts'

/*
 * Who is signed in, and what they may do: the one place that knows how. An account has a cookie, which scripts can't read, and a word
 * that says with every change that it was this page that asked. A key of the API stays in this tab, and is gone with it.
 */

/** What the rights are about, and what can be done to it: as src/catalog/permissions.ts has them. */
export type Resource =
  | 'repositories'
  | 'sources'
  | 'schedules'
  | 'jobs'
  | 'backups'
  | 'api_keys'
  | 'exports'
  | 'archives'
  | 'alarms'
  | 'alarm_settings'
  | 'destinations'
  | 'subscriptions'
  | 'deliveries'
  | 'people'
  | 'providers'
  | 'audit'
  | 'settings'
  | 'approvals'
  | 'restores'
export type Action = 'read' | 'create' | 'change' | 'remove'

export type Session = Me

const place = 'holdfast.key'
let key: string | null = null
let session: Session | null = null
const listeners = new Set<() => void>()

function tell(next: Session | null): void {
  session = next
  for (const listener of listeners) listener()
}

/** What a request carries to be let in. */
export function credentials(): Readonly<Record<string, string>> {
  if (key !== null) return { authorization: `Bearer ${key}` }
  const csrf = session?.session?.csrf
  return csrf === undefined ? {} : { 'holdfast-csrf': csrf }
}

/** Finds out whether somebody is signed in. Called once, before anything is shown. */
export async function resumeSession(): Promise<void> {
  key = sessionStorage.getItem(place)
  tell(await request<Session>('GET', '/session').catch(() => null))
}

/** Throws ApiError: `sign_in_failed`, or `code_needed` where the account has a second factor. */
export async function signIn(o: { email: string; password: string; code?: string }): Promise<void> {
  key = null
  begin(await request<Session>('POST', '/session', { body: o }))
}

/** What the API says of who is signed in now, after it has begun a session or changed what it knows of them. */
export function begin(next: Session): void {
  tell(next)
}

/** Reads anew who is signed in, such as after codes were switched on. Throws ApiError. */
export async function rereadSession(): Promise<void> {
  tell(await request<Session>('GET', '/session'))
}

/** Throws ApiError `not_signed_in` if the key is none. */
export async function signInWithKey(given: string): Promise<void> {
  key = given
  try {
    tell(await request<Session>('GET', '/session'))
    sessionStorage.setItem(place, given)
  } catch (error) {
    key = null
    throw error
  }
}

/** Throws ApiError if the service did not hear of it: then the session goes on. */
export async function signOut(): Promise<void> {
  if (key === null)
    await request('DELETE', '/session').catch((error: unknown) => {
      if (!isApiError(error, 'not_signed_in')) throw error
    })
  endSession()
}

/** Whoever it was is not signed in any more: the API has said so, or they have. */
export function endSession(): void {
  key = null
  sessionStorage.removeItem(place)
  if (session !== null) tell(null)
}

/** Told when somebody is not signed in any more. */
export function onSessionEnd(told: () => void): () => void {
  return onSession(() => {
    if (session === null) told()
  })
}

/** Told when somebody else, or nobody, is signed in, or may do other things. */
export function onSession(told: () => void): () => void {
  listeners.add(told)
  return () => listeners.delete(told)
}

export function currentSession(): Session | null {
  return session
}

export function useSession(): Session | null {
  return useSyncExternalStore(onSession, currentSession, currentSession)
}

/** Whether they have the right; lib/rights.ts has the words for what they lack. */
export function useMay(action: Action, resource: Resource): boolean {
  return useSession()?.rights[resource]?.[action] === true
}
