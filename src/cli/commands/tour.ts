import { defineCommand } from '../command.ts'
import { choice, type OptionSpec } from '../option.ts'

/** `--keep` alone, or with a directory. */
const keep: OptionSpec<string | undefined> = {
  flags: '--keep [directory]',
  description: 'keep the repository and its keys in this directory, .holdfast/tour if none is named',
  read: (given) => (given === true ? '.holdfast/tour' : typeof given === 'string' ? given : undefined),
}

export const command = defineCommand({
  name: 'tour',
  summary: 'see it all work, on a sample database',
  description:
    'A guided tour of under a minute: starts a Postgres server of its own with a sample application in it, backs it up, ' +
    'has a bad day, restores into a new database, and compares. Nothing else on this machine is touched.',
  arguments: {},
  options: {
    major: choice({
      flags: '--major <version>',
      description: 'which Postgres the sample runs on',
      choices: ['15', '16', '17', '18'],
      default: '18',
    }),
    keep,
  },
  examples: [
    { what: 'from a checkout', command: 'npm run tour' },
    { what: 'and look around afterwards', command: 'holdfast tour --keep' },
  ],
  cancelled: 'The tour was broken off; its server is stopped and its files are gone.',
  async run(context, input) {
    const { openPlace } = await import('../tour/place.ts')
    const { giveTour } = await import('../tour/tour.ts')
    await using place = await openPlace(input.keep)
    const majors = { '15': 15, '16': 16, '17': 17, '18': 18 } as const
    context.out.result({ tour: await giveTour(context, { major: majors[input.major], place }) })
  },
})
