import { z } from '@hono/zod-openapi'
import { keyScopes, roles } from '../../catalog/permissions.ts'
import { languages, themes } from '../../people/accounts.ts'
import { keyAlgorithms, secretAlgorithms } from '../../people/providers.ts'
import { namePattern, namesAre } from '../../config/declaration.ts'

/* People, sessions, keys: the part of the contract that is about who somebody is. */

const time = z.iso.datetime().openapi({ example: '2026-11-28T02:30:00.000Z' })
const text = (most: number) => z.string().min(1).max(most)
const email = text(320).openapi({ example: 'amina@example.com' })
// One line: it is shown in lists and mails.
const shown = z
  .string()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}+$/u)
const password = text(1000).openapi({ description: 'at least 12 characters where one is chosen' })
const code = text(50).openapi({ description: 'six digits of the app, or a recovery code' })
const link = text(100).openapi({ description: 'what the link has behind #' })
const sourceNames = z
  .array(z.string().regex(namePattern).openapi({ description: namesAre, example: 'shop' }))
  .max(1000)
const role = z.enum(roles)
const scopes = z
  .array(z.enum(keyScopes))
  .refine((list) => list.includes('read'), 'every key has the scope read')

export const SignInInput = z.strictObject({ email, password, code: code.optional() }).openapi('SignInInput')
export const ProofInput = z.strictObject({ password, code: code.optional() }).openapi('ProofInput')
export const PasswordProof = z.strictObject({ password }).openapi('PasswordProof')
export const CodeInput = z.strictObject({ code }).openapi('CodeInput')
export const InvitationInput = z
  .strictObject({
    link,
    password,
    name: shown.optional(),
    email: email.optional().openapi({ description: 'only of the first administrator' }),
  })
  .openapi('InvitationInput')
export const ResetInput = z.strictObject({ email }).openapi('ResetInput')
export const ResetConfirmation = z.strictObject({ link, password }).openapi('ResetConfirmation')

export const SignInWays = z
  .object({ providers: z.array(z.object({ name: z.string(), path: z.string() })) })
  .openapi('SignInWays', { description: 'where else somebody can sign in' })

const rights = z.record(z.string(), z.record(z.string(), z.boolean()))
export const Session = z
  .object({
    id: z.uuid(),
    current: z.boolean(),
    how: z.string().openapi({ description: 'password, or the name of a provider' }),
    address: z.string(),
    agent: z.string(),
    createdAt: time,
    lastSeenAt: time,
    expiresAt: time,
    recentAt: time,
  })
  .openapi('Session')
export const Me = z
  .object({
    subject: z.string(),
    kind: z.enum(['person', 'key']),
    id: z.uuid(),
    email: z.string().nullable(),
    name: z.string(),
    role,
    scope: z.enum(['all', 'own']),
    rights: rights.openapi({ description: 'by resource and action' }),
    scopes: z.array(z.enum(keyScopes)).nullable().openapi({ description: 'of a key; null: not limited' }),
    language: z.enum(languages),
    theme: z.enum(themes),
    wished: z.boolean().openapi({ description: 'they have chosen language and theme' }),
    totp: z.boolean(),
    recentUntil: time.nullable().openapi({ description: 'until when what destroys takes no new sign-in' }),
    session: z
      .object({ id: z.uuid(), csrf: z.string(), expiresAt: time })
      .nullable()
      .openapi({ description: 'csrf goes into the header holdfast-csrf of what changes something' }),
  })
  .openapi('Me')
export const MeChange = z
  .strictObject({ name: shown, language: z.enum(languages), theme: z.enum(themes) })
  .partial()
  .openapi('MeChange', { description: 'what is left out stays' })
export const PasswordChange = z
  .strictObject({ current: password, password })
  .openapi('PasswordChange', { description: 'ends all other sessions' })
export const TotpSecret = z
  .object({ secret: z.string(), url: z.string().openapi({ description: 'for the picture that apps read' }) })
  .openapi('TotpSecret')
export const RecoveryCodes = z
  .object({ recoveryCodes: z.array(z.string()).openapi({ description: 'not shown again' }) })
  .openapi('RecoveryCodes')
export const Ended = z.object({ ended: z.int() }).openapi('Ended')
export const Accepted = z.object({ accepted: z.literal(true) }).openapi('Accepted')

export const PersonInput = z
  .strictObject({
    email,
    name: shown,
    role,
    sources: sourceNames.default([]),
    language: z.enum(languages).optional(),
  })
  .openapi('PersonInput')
export const PersonChange = z
  .strictObject({ email, name: shown, role, sources: sourceNames, active: z.boolean() })
  .partial()
  .openapi('PersonChange', { description: 'what is left out stays; other rights end their sessions' })
export const Person = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role,
    sources: z.array(z.string()),
    active: z.boolean(),
    invited: z.boolean().openapi({ description: 'has never chosen a password' }),
    totp: z.boolean(),
    language: z.enum(languages),
    theme: z.enum(themes),
    createdAt: time,
    changedAt: time,
    signedInAt: time.nullable(),
  })
  .openapi('Person')
export const Link = z
  .object({
    link: z.string().openapi({ description: 'good once; not shown again' }),
    expiresAt: time,
    mailed: z.boolean().openapi({ description: 'it is also on its way by mail' }),
  })
  .openapi('Link')
export const Invited = z.object({ person: Person, link: Link }).openapi('Invited')
export const People = z.object({ items: z.array(Person) }).openapi('People')
export const Sessions = z.object({ items: z.array(Session) }).openapi('Sessions')

export const KeyInput = z
  .strictObject({
    name: shown,
    role,
    sources: sourceNames.default([]),
    scopes,
    expiresAt: time.nullable().openapi({ description: 'null: never' }),
  })
  .openapi('KeyInput')
export const Key = z
  .object({
    id: z.uuid(),
    name: z.string(),
    role,
    sources: z.array(z.string()),
    scopes: z.array(z.enum(keyScopes)),
    createdBy: z.string().nullable(),
    createdAt: time,
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
    lastUsedAt: time.nullable(),
  })
  .openapi('Key')
export const NewKey = Key.extend({ key: z.string().openapi({ description: 'not shown again' }) }).openapi(
  'NewKey',
)
export const Keys = z.object({ items: z.array(Key) }).openapi('Keys')

const url = z.string().min(1).max(2000)
export const ProviderInput = z
  .strictObject({
    name: z.string().regex(namePattern).openapi({ description: namesAre, example: 'company' }),
    issuer: url.openapi({ description: 'iss of its tokens', example: 'https://login.example.com' }),
    audience: url.openapi({ description: 'aud of the tokens that are sent as Authorization: Bearer' }),
    jwksUrl: url
      .nullable()
      .default(null)
      .openapi({ description: 'of its public keys; null: a shared secret' }),
    sharedSecret: text(1000).optional().openapi({ description: 'as Supabase has it, for HS256' }),
    algorithms: z.array(z.enum([...secretAlgorithms, ...keyAlgorithms])).min(1),
    emailClaim: text(100).default('email'),
    emailVerified: z
      .enum(['if_stated', 'always'])
      .default('if_stated')
      .openapi({ description: 'whether email_verified must be there, or only must not say no' }),
    clientId: text(500)
      .nullable()
      .default(null)
      .openapi({ description: 'null: people can not sign in there' }),
    clientSecret: text(1000).optional(),
  })
  .openapi('ProviderInput')
export const ProviderChange = z.strictObject({ enabled: z.boolean() }).openapi('ProviderChange')
export const Provider = z
  .object({
    id: z.uuid(),
    name: z.string(),
    issuer: z.string(),
    audience: z.string(),
    jwksUrl: z.string().nullable(),
    algorithms: z.array(z.string()),
    emailClaim: z.string(),
    emailVerified: z.enum(['if_stated', 'always']),
    clientId: z.string().nullable(),
    enabled: z.boolean(),
    createdAt: time,
    changedAt: time,
  })
  .openapi('Provider')
export const Providers = z.object({ items: z.array(Provider) }).openapi('Providers')
