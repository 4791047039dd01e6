import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AuditEntry } from '../../audit/entry.ts'
import type { AuditVerdict } from '../../audit/verify.ts'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import { writeError } from '../../lib/file-errors.ts'
import { defineCommand, type CommandContext } from '../command.ts'
import { formatCountOf } from '../format.ts'
import { choice, custom, requiredText, text, wrong } from '../option.ts'
import { catalogOf, catalogOptions } from '../service.ts'

const headFlags = '--head <hash>'

const verify = defineCommand({
  name: 'verify',
  summary: 'prove that the audit trail is whole',
  description:
    'Looks at every entry: each has its number, follows the one before, and has the hash of what it says. That nothing was cut off at the end shows ' +
    'only a head, the hash of the newest entry, that was kept elsewhere. The service must not run on an embedded catalog meanwhile; ' +
    'while it does, GET /api/v1/audit/verify proves the same.',
  arguments: {},
  options: {
    ...catalogOptions,
    file: text({
      flags: '--file <file>',
      description: 'look at an exported trail, and at no catalog',
    }),
    head: custom({
      flags: headFlags,
      description: 'a head that was noted before: it must be in the trail',
      read(given) {
        if (given === undefined || /^[0-9a-f]{64}$/.test(given)) return given
        throw wrong({ flags: headFlags }, given, 'a head has 64 digits of hex')
      },
    }),
  },
  examples: [
    { what: 'the catalog of this machine', command: 'holdfast audit verify --data /var/lib/holdfast' },
    { what: 'what was exported last year', command: 'holdfast audit verify --file audit-2025.json' },
  ],
  async run(context, input) {
    const { verifyTrail } = await import('../../audit/verify.ts')
    const { out } = context
    const head = input.head ?? null
    const verdict =
      input.file === undefined
        ? await withTrail(context, input, (entries) => verifyTrail(entries, head))
        : await verifyTrail(await entriesOfFile(input.file), head)
    requireWhole(verdict)
    out.line(`The audit trail is whole: ${formatCountOf(verdict.entries, 'entry', 'entries')}.`)
    if (verdict.head !== null) out.line(`Head ${verdict.head.hash}`)
    out.result({ whole: true, ...verdict })
  },
})

const exporting = defineCommand({
  name: 'export',
  summary: 'write the whole audit trail to a file',
  description:
    'Writes every entry, the first one first, as JSON with an entry in each line or as CSV. docs/AUDIT.md says what is in it, and how a stranger proves that it is whole. ' +
    'The service must not run on an embedded catalog meanwhile; while it does, GET /api/v1/audit/export gives the same.',
  arguments: {},
  options: {
    ...catalogOptions,
    format: choice({
      flags: '-f, --format <format>',
      description: 'what to write',
      choices: ['json', 'csv'],
      default: 'json',
    }),
    out: requiredText({
      flags: '-o, --out <file>',
      description: 'where: a new file, which only its owner may read',
      missing: 'where should it be written?',
    }),
  },
  examples: [
    {
      what: 'for a spreadsheet',
      command: 'holdfast audit export --format csv --out audit.csv --data /var/lib/holdfast',
    },
  ],
  cancelled: 'The file may hold a part.',
  async run(context, input) {
    const { printTrail } = await import('../../audit/export.ts')
    const path = resolve(input.out)
    const done = await withTrail(context, input, async (entries) => {
      let count = 0
      let head: string | null = null
      async function* counted(): AsyncGenerator<AuditEntry> {
        for await (const entry of entries) {
          count += 1
          head = entry.hash
          yield entry
        }
      }
      try {
        await using file = await open(path, 'wx', 0o600)
        for await (const piece of printTrail(counted(), input.format)) await file.appendFile(piece)
        await file.sync()
      } catch (error) {
        throw writeError(error, path)
      }
      return { entries: count, head: head as string | null }
    })
    context.out.line(`Wrote ${formatCountOf(done.entries, 'entry', 'entries')} to ${path}`)
    if (done.head !== null) context.out.line(`Head ${done.head}`)
    context.out.result({ ...done, out: path, format: input.format })
  },
})

export const command = defineCommand({
  name: 'audit',
  summary: 'prove or export what the service has recorded',
  description:
    'The audit trail holds who did what through the service, when and from where: a chain of entries to which can only be added.',
  arguments: {},
  options: {},
  examples: [{ what: 'was anything changed?', command: 'holdfast audit verify --data /var/lib/holdfast' }],
  subcommands: [verify, exporting],
  async run() {
    throw new HoldfastError('usage', 'audit is to be followed by what to do.', {
      hint: 'Run holdfast audit verify, or holdfast audit export.',
    })
  },
})

async function withTrail<T>(
  context: CommandContext,
  input: Parameters<typeof catalogOf>[1],
  work: (entries: AsyncIterable<AuditEntry>) => Promise<T>,
): Promise<T> {
  const { openServiceCatalog } = await import('../../main.ts')
  const { readTrail } = await import('../../audit/list.ts')
  await using opened = await openServiceCatalog(catalogOf(context, input), false)
  return await work(readTrail((page) => page(opened.catalog.system)))
}

async function entriesOfFile(path: string): Promise<AsyncIterable<AuditEntry>> {
  const { parseTrail } = await import('../../audit/export.ts')
  async function* pieces(): AsyncGenerator<string> {
    try {
      for await (const piece of createReadStream(path, 'utf8')) yield String(piece)
    } catch (error) {
      throw new HoldfastError('usage', `${path} can't be read: ${messageOf(error)}`, { cause: error })
    }
  }
  return parseTrail(pieces())
}

function requireWhole({ broken, cut, entries }: AuditVerdict): void {
  if (broken !== null) {
    throw new HoldfastError('audit_broken', `Entry ${broken.number}: ${broken.why}`, {
      details: { ...broken },
    })
  }
  if (cut)
    throw new HoldfastError(
      'audit_cut',
      `The head is not among the ${formatCountOf(entries, 'entry', 'entries')} of the trail.`,
    )
}
