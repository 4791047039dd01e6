import { z } from '@hono/zod-openapi'
import { deliveryStatuses } from '../../alarms/deliveries.ts'
import { addressInput, destinationKinds } from '../../alarms/destination-kinds.ts'
import { eventNames, severities } from '../../alarms/events.ts'
import { codeNames } from '../../lib/error-codes.ts'
import { json, name, next, pageQuery, text, time, yesOrNo } from './common.ts'

/* Alarms, who hears of them, and what is on its way: docs/ALARMS.md. */

const event = z.enum(eventNames).openapi({ description: 'one of docs/reference/alarms.md' })
const severity = z.enum(severities)

export const Alarm = z
  .object({
    id: z.uuid(),
    event,
    title: z.string(),
    severity,
    subject: z.string().openapi({ example: 'source:2f1c8f3e-6f0e-4a55-9b8e-3c1d2a4b5c6d' }),
    sourceId: z.uuid().nullable(),
    repositoryId: z.uuid().nullable(),
    about: z.string(),
    text: z.string(),
    facts: json,
    times: z.int().openapi({ description: 'how many jobs have said so while it was open' }),
    raisedAt: time,
    lastAt: time,
    closedAt: time.nullable().openapi({ description: 'null: it is open' }),
    closedBy: z.string().nullable().openapi({ description: 'null: it is open, or was over by itself' }),
    closedText: z.string().nullable(),
    seen: z.boolean().openapi({ description: 'by the caller' }),
  })
  .openapi('Alarm')
export const Alarms = z.object({ items: z.array(Alarm), next }).openapi('Alarms')
export const AlarmQuery = pageQuery.extend({
  open: yesOrNo.optional(),
  unseen: yesOrNo.optional(),
  source: name.optional(),
  event: event.optional(),
  severity: severity.optional().openapi({ description: 'that or worse' }),
})
export const AlarmsSeen = z.strictObject({ ids: z.array(z.uuid()).min(1).max(200) }).openapi('AlarmsSeen')
export const AlarmClosing = z
  .strictObject({ text: text(1000).nullable().default(null) })
  .openapi('AlarmClosing', { description: 'why it is done with, for whoever reads it later' })

export const AlarmSettings = z
  .strictObject({
    maxAgeSeconds: z.int().min(1).max(100_000_000).nullable().default(null).openapi({
      description: 'the newest backup is never older than that; null: what the schedules say',
    }),
    graceSeconds: z.int().min(0).max(100_000_000).nullable().default(null).openapi({
      description: 'how long after its time a run may end; null: the usual',
    }),
    expected: z.boolean().default(true).openapi({ description: 'false: nothing that is absent is an alarm' }),
  })
  .openapi('AlarmSettings')
export const SourceAlarmSettings = AlarmSettings.extend({ source: name }).openapi('SourceAlarmSettings')
export const AllAlarmSettings = z.object({ items: z.array(SourceAlarmSettings) }).openapi('AllAlarmSettings')

// Made anew: what was made before this file was read lacks the method.
const address = addressInput.clone().openapi('DestinationAddress', {
  description: 'what is secret of it, such as a URL of a chat, never comes out again',
})
const reach = z
  .enum(['public', 'private', 'any'])
  .openapi({ description: 'which addresses of the network it may lead to' })
const enabled = z.boolean()
export const DestinationInput = z
  .strictObject({
    name,
    address,
    reach: reach.default('public'),
    follows: z
      .union([
        z.strictObject({ source: name, kind: text(40).default('backup') }),
        z.strictObject({ schedule: name }),
      ])
      .nullable()
      .default(null)
      .openapi({ description: 'of a ping, and only of one: whose jobs it follows' }),
  })
  .openapi('DestinationInput')
export const DestinationChange = z
  .strictObject({ address, reach, enabled })
  .partial()
  .openapi('DestinationChange', {
    description:
      'what is left out stays; an address is given as a whole, with its secrets, and reach with it',
  })
export const Destination = z
  .object({
    id: z.uuid(),
    name,
    kind: z.enum(destinationKinds),
    settings: json.openapi({ description: 'of its address, what is no secret' }),
    reach,
    enabled,
    sourceId: z.uuid().nullable(),
    scheduleId: z.uuid().nullable(),
    jobKind: z.string().nullable(),
    sent: z.int(),
    failures: z.int(),
    createdAt: time,
    changedAt: time,
  })
  .openapi('Destination')
export const DestinationWithKey = Destination.extend({
  key: z.string().nullable().openapi({
    description: 'what a webhook is signed with, if the request has given it an address: shown this once',
  }),
}).openapi('DestinationWithKey')
export const Destinations = z.object({ items: z.array(Destination) }).openapi('Destinations')
export const DestinationTest = z
  .object({
    taken: z.boolean(),
    error: z
      .object({ code: z.enum(codeNames), message: z.string(), hint: z.string() })
      .nullable()
      .openapi({ description: 'why it was not taken' }),
  })
  .openapi('DestinationTest', { description: 'what came of a test message' })

const subscription = {
  source: name.nullable().default(null).openapi({ description: 'null: of all, and of what is of no source' }),
  events: z.array(event).min(1).max(100).nullable().default(null).openapi({ description: 'null: all' }),
  minSeverity: severity.default('info'),
  mode: z
    .enum(['each', 'daily', 'weekly'])
    .default('each')
    .openapi({ description: 'at once, or as a summary' }),
  zone: text(100).default('UTC').openapi({ example: 'Europe/Berlin' }),
  hour: z.int().min(0).max(23).default(8).openapi({ description: 'of a summary, in its zone' }),
  enabled: z.boolean().default(true),
}
export const SubscriptionInput = z
  .strictObject({ destination: name, ...subscription })
  .openapi('SubscriptionInput')
export const SubscriptionChange = z
  .strictObject(subscription)
  .openapi('SubscriptionChange', { description: 'what it is from now on, as a whole' })
export const Subscription = z
  .object({
    id: z.uuid(),
    destinationId: z.uuid(),
    sourceId: z.uuid().nullable(),
    events: z.array(event).nullable(),
    minSeverity: severity,
    mode: z.enum(['each', 'daily', 'weekly']),
    zone: z.string(),
    hour: z.int(),
    enabled: z.boolean(),
    nextDigest: time.nullable(),
    lastDigest: time.nullable(),
    createdAt: time,
  })
  .openapi('Subscription')
export const Subscriptions = z.object({ items: z.array(Subscription) }).openapi('Subscriptions')
export const SubscriptionQuery = z.object({ destination: name.optional() })

const status = z.enum(deliveryStatuses)
export const Delivery = z
  .object({
    id: z.uuid(),
    destinationId: z.uuid(),
    alarmId: z.uuid().nullable(),
    title: z.string(),
    status,
    attempt: z.int(),
    notBefore: time,
    error: z.string().nullable().openapi({ description: 'why the last attempt failed' }),
    createdAt: time,
    endedAt: time.nullable(),
  })
  .openapi('Delivery')
export const Deliveries = z.object({ items: z.array(Delivery), next }).openapi('Deliveries')
export const DeliveryQuery = pageQuery.extend({ destination: name.optional(), status: status.optional() })
