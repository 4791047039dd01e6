import type { z } from '@hono/zod-openapi'
import { allows, type Claims } from '../catalog/claims.ts'
import { actions, permissions, resources } from '../catalog/permissions.ts'
import { iso } from '../catalog/rows.ts'
import { findPerson } from '../people/accounts.ts'
import { recentUntil } from '../people/recent.ts'
import type { SessionClaims } from '../people/sessions.ts'
import type { Caller } from './caller.ts'
import { found, type ApiOptions } from './context.ts'
import type { Me } from './contract.ts'

/** Who asks and what they may do, as data: a page greys out what can't be done before somebody tries it. */
export async function meOf(
  { catalog }: ApiOptions,
  { claims, session }: Caller,
): Promise<z.infer<typeof Me>> {
  const [kind = '', id = ''] = claims.subject.split(':')
  const common = {
    subject: claims.subject,
    id,
    role: claims.role,
    scope: permissions[claims.role].scope,
    rights: rightsOf(claims),
    scopes: claims.scopes === undefined ? null : [...claims.scopes],
    recentUntil: iso(recentUntil(claims)),
    session: session === null ? null : toSession(session),
  }
  if (kind === 'key') {
    const [key] = await catalog.system.query<{ name: string }>(
      'SELECT name FROM holdfast.api_keys WHERE id = $1',
      [id],
    )
    const { name } = found(key ?? null, 'such key any more')
    return {
      ...common,
      kind: 'key',
      name,
      email: null,
      language: 'en',
      theme: 'system',
      wished: false,
      totp: false,
    }
  }
  const { name, email, language, theme, wished, totp } = found(
    await findPerson(catalog.system, id),
    'such person any more',
  )
  return { ...common, kind: 'person', name, email, language, theme, wished, totp }
}

function toSession({ session, csrf }: SessionClaims) {
  return { id: session.id, csrf, expiresAt: session.expiresAt }
}

function rightsOf(claims: Claims): Record<string, Record<string, boolean>> {
  return Object.fromEntries(
    resources.map((resource) => [
      resource,
      Object.fromEntries(actions.map((action) => [action, allows(claims, action, resource)])),
    ]),
  )
}
