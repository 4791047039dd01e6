import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand } from '../command.ts'
import { flag, integer, text } from '../option.ts'

export const command = defineCommand({
  name: 'demo',
  summary: 'try it: a shop to damage, its backups, the console',
  description:
    'Starts a Postgres server of its own with a sample shop in it, a page of that shop with buttons that damage it, and the service with ' +
    'its console, which has the backups of five weeks. All of it is on this machine only, in one directory, and is there again at the next ' +
    'start. The first start makes it, which takes half a minute or so.',
  arguments: {},
  options: {
    data: text({
      flags: '--data <directory>',
      description: 'where all of it is kept',
      default: '.holdfast/demo in this directory',
    }),
    port: integer({
      flags: '--port <n>',
      description: 'of the console; the shop has the next one. Where one is taken, and for 0, any',
      min: 0,
      max: 65_534,
      default: 7380,
    }),
    reset: flag({ flags: '--reset', description: 'remove what a demo has made, instead of starting it' }),
  },
  examples: [
    { what: 'from a checkout', command: 'npm start' },
    { what: 'begin anew the next time', command: 'holdfast demo --reset' },
  ],
  cancelled: 'The demo has ended. It is there again at the next start; holdfast demo --reset removes it.',
  async run(context, input) {
    const { holdPlace } = await import('../demo/place.ts')
    const { out } = context
    const directory = input.data ?? '.holdfast/demo'
    await using held = await holdPlace(directory)
    if (input.reset) {
      const there = held.state !== null
      const rest = await held.clear()
      out.line(there ? `The demo in ${directory} is removed.` : `There is no demo in ${directory}.`)
      if (rest.length > 0) out.line(`What it has not made is still there: ${rest.join(', ')}`)
      out.result({ removed: there, left: rest })
      return
    }
    if (out.json) throw new HoldfastError('usage', 'The demo is for people: it prints no JSON.')
    if (held.state?.ready !== true) out.note('The first start makes a shop and five weeks of backups of it, which takes half a minute or so.') // prettier-ignore
    const { runDemo } = await import('../demo/demo.ts')
    await runDemo(context, {
      held,
      port: input.port,
      onReady({ console, shop, login }) {
        out.line(`Console  ${console}`)
        out.line(`Sign in  ${login.email}  ${login.password}`)
        out.line(`Shop     ${shop}`)
        out.line('Ctrl-C ends it.')
      },
    })
  },
})
