import { randomUUID } from 'node:crypto'
import { joinAddress } from '../alarms/destination-kinds.ts'
import { placeOfDestination } from '../alarms/destinations.ts'
import { dnsLookup, type Reach } from '../alarms/deliver/reach.ts'
import { send } from '../alarms/deliver/send.ts'
import type { Message } from '../alarms/message.ts'
import { messageOf } from '../lib/errors.ts'
import type { Language } from '../people/accounts.ts'
import type { ApiOptions } from './context.ts'

/** A mail with a link for one person. */
export interface Letter {
  readonly to: string
  readonly language: Language
  readonly about: 'invitation' | 'reset'
  readonly link: string
}

const texts = {
  en: {
    invitation: [
      'You are invited',
      'You have an account with Holdfast. Choose a password within seven days:',
    ],
    reset: [
      'Choose another password',
      'Choose another password within an hour. If you did not ask for this, do nothing:',
    ],
  },
  ar: {
    invitation: ['دعوة إلى Holdfast', 'أُنشئ لك حساب في Holdfast. اختر كلمة مرور خلال سبعة أيام:'],
    reset: ['تغيير كلمة المرور', 'اختر كلمة مرور جديدة خلال ساعة. إن لم تطلب ذلك فلا تفعل شيئًا:'],
  },
} as const

/**
 * Sends it the way that alarms go by mail, and does not wait for that: how long it takes would tell who has an account. False if there
 * is no such way, or nobody has said where people reach the service.
 */
export async function sendLetter(o: ApiOptions, letter: Letter): Promise<boolean> {
  if ((o.publicUrl ?? null) === null) return false
  const { system, seal } = o.catalog
  const [row] = await system.query<{
    id: string
    settings: Record<string, unknown>
    secrets: Buffer
    reach: Reach
  }>(
    `SELECT id, settings, secrets, reach FROM holdfast.destinations
     WHERE kind = 'email' AND enabled ORDER BY created_at, id LIMIT 1`,
  )
  if (row === undefined) return false
  const { settings, reach } = row
  const secrets = seal.open(placeOfDestination(row.id), row.secrets)
  const address = joinAddress({ kind: 'email', settings, secrets, reach })
  if (address.kind !== 'email') return false
  const now = await o.catalog.now()
  const [title, text] = texts[letter.language][letter.about]
  const outgoing: Message = { kind: 'letter', event: null, severity: 'info', title, text: `${text}\n\n${letter.link}`, lines: [], about: null, alarm: null, at: now.toISOString(), facts: {} } // prettier-ignore
  const clock = { now: () => now }
  const to = { ...address, to: [letter.to] }
  send({ address: to, reach, delivery: randomUUID(), outgoing, clock, lookup: dnsLookup }).catch(
    (error: unknown) => {
      o.log(`A mail with a link was not sent: ${messageOf(error)}`)
    },
  )
  return true
}
