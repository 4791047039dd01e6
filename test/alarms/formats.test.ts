import assert from 'node:assert/strict'
import { test } from 'node:test'
import { discordBody, slackBody, teamsBody, webhookBody } from '../../src/alarms/deliver/formats.ts'
import type { Message } from '../../src/alarms/message.ts'

const message: Message = {
  kind: 'raised',
  event: 'backup_failed',
  severity: 'error',
  title: 'Backup failed: shop',
  text: 'It broke. <!channel> @everyone *bold* [x](https://evil.example)',
  lines: ['one', 'two'],
  about: 'shop',
  alarm: '6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b',
  at: '2026-03-01T02:00:00.000Z',
  facts: { job: 'j1' },
}
const long: Message = { ...message, title: '🗄'.repeat(5000), text: '&<*🗄'.repeat(20_000), lines: [] }

test('Slack gets blocks of plain text and a title that mentions nobody', () => {
  assert.deepEqual(JSON.parse(slackBody({ ...message, title: 'A & B <!here>' })), {
    text: 'A &amp; B &lt;!here&gt;',
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: 'A & B <!here>', emoji: false } },
      {
        type: 'section',
        text: {
          type: 'plain_text',
          text: 'It broke. <!channel> @everyone *bold* [x](https://evil.example)\n- one\n- two',
          emoji: false,
        },
      },
      {
        type: 'context',
        elements: [
          {
            type: 'plain_text',
            text: 'Holdfast · error · Backup failed · 2026-03-01 02:00 UTC',
            emoji: false,
          },
        ],
      },
    ],
  })
})

test('Discord gets one embed whose markup is escaped, and mentions nobody', () => {
  assert.deepEqual(JSON.parse(discordBody(message)), {
    embeds: [
      {
        title: 'Backup failed: shop',
        description:
          'It broke. \\<!channel\\> \\@everyone \\*bold\\* \\[x\\]\\(https://evil.example\\)\n\\- one\n\\- two',
        color: 0xda3633,
        timestamp: '2026-03-01T02:00:00.000Z',
        footer: { text: 'Holdfast · error · Backup failed · 2026-03-01 02:00 UTC' },
      },
    ],
    allowed_mentions: { parse: [] },
  })
})

test('Teams gets one Adaptive Card in a message', () => {
  assert.deepEqual(JSON.parse(teamsBody(message)), {
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
            { type: 'TextBlock', text: 'Backup failed: shop', wrap: true, size: 'Medium', weight: 'Bolder', color: 'Attention' }, // prettier-ignore
            {
              type: 'TextBlock',
              text: 'It broke. \\<!channel\\> @everyone \\*bold\\* \\[x\\]\\(https://evil.example\\)\n\n\\- one\n\n\\- two',
              wrap: true,
            },
            { type: 'TextBlock', text: 'Holdfast · error · Backup failed · 2026\\-03\\-01 02:00 UTC', wrap: true, isSubtle: true, size: 'Small' }, // prettier-ignore
          ],
        },
      },
    ],
  })
})

test('programs get the message as it is, with the id of its delivery', () => {
  assert.deepEqual(JSON.parse(webhookBody('d1', message)), { version: 1, delivery: 'd1', ...message })
})

test('however long a message is, it fits: the limits of each vendor hold, and no character is cut in two', () => {
  const slack = JSON.parse(slackBody(long)) as { text: string; blocks: { text: { text: string } }[] }
  assert.ok((slack.blocks[0]?.text.text.length ?? 151) <= 150)
  assert.ok((slack.blocks[1]?.text.text.length ?? 3001) <= 3000)
  const [embed] = (JSON.parse(discordBody(long)) as { embeds: { title: string; description: string }[] })
    .embeds
  assert.ok(embed !== undefined)
  assert.ok(embed.title.length <= 256 && embed.description.length <= 4096)
  assert.ok(embed.title.length + embed.description.length + 100 < 6000)
  const teams = teamsBody(long)
  assert.ok(Buffer.byteLength(teams) < 28_000, String(Buffer.byteLength(teams)))
  for (const text of [slackBody(long), discordBody(long), teams]) assert.ok(text.isWellFormed())
  assert.ok((slack.blocks[0]?.text.text ?? '').isWellFormed() && embed.description.isWellFormed())
})
