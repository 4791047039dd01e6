import { eventInfo, type Severity } from '../events.ts'
import type { Message } from '../message.ts'

/** What chats take. Each escapes what would be markup in it, and cuts what is longer than it bears. */

const colours: Readonly<Record<Severity, number>> = {
  info: 0x2f81f7,
  warning: 0xd29922,
  error: 0xda3633,
  critical: 0x8e1519,
}

/** So many UTF-16 units at most, which is what all of them count at the strictest, and no character in two. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** The text and what is listed, one per line. */
export function bodyOf({ text, lines }: Message): string {
  return [text, ...lines.map((line) => `- ${line}`)].filter((line) => line !== '').join('\n')
}

function footOf(message: Message): string {
  const what = message.event === null ? '' : ` · ${eventInfo[message.event].title}`
  return `Holdfast · ${message.severity}${what} · ${message.at.slice(0, 16).replace('T', ' ')} UTC`
}

/** For an incoming webhook of Slack: Block Kit, with the title as what notifications show. A header has 150 characters, a section 3,000. */
export function slackBody(message: Message): string {
  const escape = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return JSON.stringify({
    text: escape(cut(message.title, 1000)),
    blocks: [
      // Plain text is no markup: nothing to escape.
      { type: 'header', text: { type: 'plain_text', text: cut(message.title, 150), emoji: false } },
      { type: 'section', text: { type: 'plain_text', text: cut(bodyOf(message), 3000), emoji: false } },
      { type: 'context', elements: [{ type: 'plain_text', text: cut(footOf(message), 2000), emoji: false }] },
    ],
  })
}

/** For a webhook of Discord: one embed, whose title has 256 characters and description 4,096; nobody is mentioned whatever it says. */
export function discordBody(message: Message): string {
  const escape = (text: string): string => text.replaceAll(/[\\*_~`|>#[\]()<@-]/g, String.raw`\$&`)
  return JSON.stringify({
    embeds: [
      {
        title: cut(escape(message.title), 256),
        description: cut(escape(bodyOf(message)), 4096),
        color: colours[message.severity],
        timestamp: message.at,
        footer: { text: cut(footOf(message), 2048) },
      },
    ],
    allowed_mentions: { parse: [] },
  })
}

/** For a workflow of Teams: one Adaptive Card in a message, which has 28 KB in all. */
export function teamsBody(message: Message): string {
  const colour = { info: 'Accent', warning: 'Warning', error: 'Attention', critical: 'Attention' } as const
  const escape = (text: string): string => text.replaceAll(/[\\*_~`[\]()#<>-]/g, String.raw`\$&`)
  const block = (text: string, more: object): object => ({
    type: 'TextBlock',
    text: escape(text),
    wrap: true,
    ...more,
  })
  return JSON.stringify({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            block(cut(message.title, 300), {
              size: 'Medium',
              weight: 'Bolder',
              color: colour[message.severity],
            }),
            // Two line breaks are one there.
            block(cut(bodyOf(message), 4000).replaceAll('\n', '\n\n'), {}),
            block(footOf(message), { isSubtle: true, size: 'Small' }),
          ],
        },
      },
    ],
  })
}

/** For programs: docs/ALARMS.md. */
export function webhookBody(delivery: string, message: Message): string {
  return JSON.stringify({ version: 1, delivery, ...message })
}
