import type { Action, KeyScope, Resource } from '../../src/catalog/permissions.ts'

/* What every route of the API takes and answers, whoever asks: rights-matrix.pg.test.ts compares. */

/** What it is asked with changes nothing even where it is allowed, since it is asked again and again. */
interface Asked {
  readonly body?: unknown
  /** Behind its path. */
  readonly query?: string
  /** What it answers where it is allowed; default: 200. */
  readonly status?: number
  readonly code?: string
}

/** A route for whoever has a right. */
export interface ByRight extends Asked {
  readonly right: readonly [Action, Resource]
  /** What a key needs for it, where that is more than the right takes. */
  readonly scopes?: readonly KeyScope[]
  /** It destroys: what is to be typed, by what is asked for. Null: something, at a moment that this test does not come to. */
  readonly typed?: 'name' | 'email' | null
}

/** A route for whoever is not signed in. */
export interface Open extends Asked {
  readonly open: true
}

/** A route about the caller alone, whatever they may do otherwise. */
export interface AboutSelf extends Asked {
  readonly self: true
  /** A key may, too. */
  readonly keys?: true
}

export type Expected = ByRight | Open | AboutSelf

/** Of the same kind as all ids, and of nothing. */
export const noId = '00000000-0000-4000-8000-000000000000'

const read = (resource: Resource): ByRight => ({ right: ['read', resource] })
const by = (action: Action, resource: Resource, asked: Omit<ByRight, 'right'> = {}): ByRight => ({ right: [action, resource], ...asked }) // prettier-ignore
const taken = (resource: Resource, body: unknown, more: Partial<ByRight> = {}) => by('create', resource, { body, status: 409, code: 'name_taken', ...more }) // prettier-ignore
const untyped = (action: Action, resource: Resource, more: Partial<ByRight> = {}) => by(action, resource, { status: 409, code: 'confirmation_needed', typed: 'name', ...more }) // prettier-ignore
const self = (asked: Asked & { keys?: true }): AboutSelf => ({ self: true, ...asked })
const open = (asked: Asked): Open => ({ open: true, ...asked })

/** Whoever gives rights has all of them. */
const giver = { scopes: ['run', 'change', 'destroy'] } as const
const wrongPassword = { body: { password: 'not the password' }, status: 401, code: 'sign_in_failed' } as const
const badLink = { link: 'none', password: 'seven green camels' }
const usualSettings = { maxAgeSeconds: null, graceSeconds: null, expected: true }
const daily = { every: 'day', at: '02:30' }
const into = { database: 'postgres://app@db/x' }

/** A route that is not here fails the test. */
export const expected: Readonly<Record<string, Expected>> = {
  'GET /sign-in': open({}),
  'POST /session': open({ body: { email: 'nobody@example.com', password: 'x' }, status: 401, code: 'sign_in_failed' }), // prettier-ignore
  'POST /invitation': open({ body: badLink, status: 404, code: 'link_invalid' }),
  'POST /reset': open({ body: { email: 'nobody@example.com' }, status: 202 }),
  'POST /reset/confirm': open({ body: badLink, status: 404, code: 'link_invalid' }),
  'GET /session': self({ keys: true }),
  'DELETE /session': self({ status: 204 }),
  'POST /session/confirm': self(wrongPassword),
  'PATCH /me': self({ body: {} }),
  'POST /me/password': self({ ...wrongPassword, body: { current: 'not the password', password: 'seven green camels' } }), // prettier-ignore
  'GET /me/sessions': self({}),
  'DELETE /me/sessions': self({}),
  'DELETE /me/sessions/{id}': self({ status: 404 }),
  'POST /me/totp': self(wrongPassword),
  'POST /me/totp/confirm': self({ body: { code: '000000' }, status: 403, code: 'code_wrong' }),
  'POST /me/totp/recovery-codes': self(wrongPassword),
  'POST /me/totp/off': self(wrongPassword),

  'GET /people': read('people'),
  'POST /people': taken('people', { email: 'amina@example.com', name: 'x', role: 'tenant_admin' }, giver),
  'GET /people/{id}': read('people'),
  'PATCH /people/{id}': by('change', 'people', { body: {}, ...giver }),
  'DELETE /people/{id}': untyped('remove', 'people', { typed: 'email' }),
  'POST /people/{id}/link': by('change', 'people', { status: 201, ...giver }),
  'DELETE /people/{id}/sessions': by('change', 'people'),
  'GET /keys': read('api_keys'),
  'POST /keys': by('create', 'api_keys', { body: { name: 'x', role: 'tenant_admin', sources: ['none'], scopes: ['read'], expiresAt: null }, scopes: ['change', 'destroy'], status: 404 }), // prettier-ignore
  'DELETE /keys/{id}': by('change', 'api_keys'),
  'GET /providers': read('providers'),
  'POST /providers': taken('providers', { name: 'company', issuer: 'https://x.example', audience: 'x', jwksUrl: 'https://x.example/keys', algorithms: ['RS256'] }, giver), // prettier-ignore
  'PATCH /providers/{name}': by('change', 'providers', { body: { enabled: true }, ...giver }),
  'DELETE /providers/{name}': untyped('remove', 'providers'),

  'GET /repositories': read('repositories'),
  'POST /uploads': by('create', 'repositories', { query: '?name=main', status: 409, code: 'name_taken' }),
  'POST /repositories': taken('repositories', { name: 'main', address: '/x' }),
  'GET /repositories/{name}': read('repositories'),
  'PATCH /repositories/{name}': by('change', 'repositories', { body: {} }),
  'GET /repositories/{name}/consequences': by('remove', 'repositories'),
  'DELETE /repositories/{name}': untyped('remove', 'repositories'),
  'GET /repositories/{name}/storage': read('repositories'),
  'GET /sources': read('sources'),
  'POST /sources': taken('sources', { name: 'own', address: 'postgres://a@db/x', repository: 'main' }),
  'GET /sources/{name}': read('sources'),
  'PATCH /sources/{name}': by('change', 'sources', { body: {} }),
  'GET /sources/{name}/consequences': by('remove', 'sources'),
  'DELETE /sources/{name}': untyped('remove', 'sources'),
  'POST /sources/test': by('create', 'sources', { body: { address: 'postgres://a@db/x' }, status: 404, code: 'not_found' }), // prettier-ignore
  'GET /repositories/{name}/keys': { right: ['read', 'repositories'], status: 404, code: 'not_found' },
  'POST /sources/{name}/test': by('create', 'sources', { status: 404, code: 'not_found' }),
  'GET /sources/{name}/tables': read('sources'),
  'GET /sources/{name}/counts': by('read', 'sources', { status: 404, code: 'not_found' }),
  'GET /sources/{name}/state': read('sources'),
  'GET /overview': read('sources'),
  'GET /statistics': read('jobs'),
  'GET /schedules': read('schedules'),
  'POST /schedules': taken('schedules', { name: 'own', kind: 'backup', source: 'own', rule: daily }),
  'POST /schedules/next-runs': by('read', 'schedules', { body: { rule: daily } }),
  'GET /schedules/{name}': read('schedules'),
  'PATCH /schedules/{name}': by('change', 'schedules', { body: {} }),
  'GET /schedules/{name}/consequences': by('remove', 'schedules'),
  'DELETE /schedules/{name}': untyped('remove', 'schedules'),

  'GET /jobs': read('jobs'),
  'POST /jobs': by('create', 'jobs', { body: { kind: 'check', source: 'own' }, status: 400, code: 'request_invalid' }), // prettier-ignore
  'GET /jobs/{id}': read('jobs'),
  'POST /jobs/{id}/cancel': by('change', 'jobs', { status: 409, code: 'job_over' }),
  'GET /jobs/{id}/log': read('jobs'),
  'GET /events': by('read', 'jobs', { query: '?source=none', status: 404, code: 'not_found' }),
  'GET /backups': read('backups'),
  'POST /backups': by('create', 'jobs', { body: { source: 'none' }, status: 404, code: 'not_found' }),
  'GET /backups/{id}': read('backups'),
  'POST /backups/{id}/details': by('create', 'jobs', { status: 202 }),
  'GET /backups/{id}/consequences': by('remove', 'backups'),
  'DELETE /backups/{id}': untyped('remove', 'backups'),
  'POST /backups/{id}/pin': by('change', 'backups', { body: { reason: 'why' }, status: 202 }),
  'DELETE /backups/{id}/pin': untyped('change', 'backups'),
  'POST /backups/{id}/downloads': by('create', 'archives', { body: { format: 'archive' }, status: 201 }),
  'GET /restores': read('restores'),
  'POST /restores': by('create', 'restores', { body: { source: 'none', into }, status: 404, code: 'not_found' }), // prettier-ignore
  'GET /restores/{id}': read('restores'),
  'POST /restores/{id}/confirm': by('change', 'restores', { body: { confirm: 'shop' }, status: 409, code: 'not_waiting', typed: null }), // prettier-ignore
  'POST /restores/{id}/undo': by('change', 'restores', { body: {}, status: 409, code: 'undo_nothing' }),
  'POST /restores/{id}/release': by('create', 'restores', { body: { confirm: 'shop' }, status: 404, code: 'nothing_quarantined', typed: null }), // prettier-ignore

  'GET /alarms': read('alarms'),
  'GET /alarms/{id}': read('alarms'),
  'POST /alarms/seen': by('read', 'alarms', { body: { ids: [noId] }, status: 204 }),
  'POST /alarms/{id}/close': by('change', 'alarms', { body: {}, status: 409, code: 'alarm_lasts' }),
  'GET /alarm-settings': read('alarm_settings'),
  'GET /alarm-settings/{name}': read('alarm_settings'),
  'PUT /alarm-settings/{name}': by('change', 'alarm_settings', { body: usualSettings }),
  'DELETE /alarm-settings/{name}': by('remove', 'alarm_settings', { status: 204 }),
  'GET /destinations': read('destinations'),
  'POST /destinations': taken('destinations', { name: 'hook', address: { kind: 'webhook', url: 'https://x.example/' } }), // prettier-ignore
  'GET /destinations/{name}': read('destinations'),
  'PATCH /destinations/{name}': by('change', 'destinations', { body: {} }),
  'DELETE /destinations/{name}': untyped('remove', 'destinations'),
  'POST /destinations/{name}/test': by('change', 'destinations'),
  'GET /subscriptions': read('subscriptions'),
  'POST /subscriptions': by('create', 'subscriptions', { body: { destination: 'none' }, status: 404, code: 'destination_not_found' }), // prettier-ignore
  'PUT /subscriptions/{id}': by('change', 'subscriptions', { body: {} }),
  'DELETE /subscriptions/{id}': by('remove', 'subscriptions', { status: 404 }),
  'GET /deliveries': read('deliveries'),

  'GET /roles': self({ keys: true }),
  'GET /system': by('change', 'settings'),
  'GET /audit': read('audit'),
  'GET /audit/export': read('audit'),
  'GET /audit/verify': read('audit'),
  'GET /settings': read('settings'),
  'PATCH /settings': by('change', 'settings', { body: {} }),
  'GET /approvals': read('approvals'),
  'POST /approvals/{id}/approve': by('change', 'approvals', { status: 409, code: 'approval_over' }),
  'POST /approvals/{id}/refuse': by('change', 'approvals', { status: 409, code: 'approval_over' }),
}

/** What is removed and still destroys nothing that a backup, or its keeping, depends on. */
export const harmless: Readonly<Record<string, string>> = {
  'DELETE /session': 'only signs the caller out',
  'DELETE /me/sessions': 'only signs the caller out',
  'DELETE /me/sessions/{id}': 'only signs the caller out',
  'DELETE /people/{id}/sessions': 'somebody signs in again',
  'DELETE /keys/{id}': 'whoever finds that a key has leaked is held up by nothing',
  'DELETE /alarm-settings/{name}': 'the usual is expected again',
  'DELETE /subscriptions/{id}': 'is made again from what the list or the audit trail shows',
}
