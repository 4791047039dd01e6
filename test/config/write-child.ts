/** Run as a program: writes a configuration file again and again, one text and the other, a dot on stdout before each. */
import { changeConfigFile } from '../../src/config/file.ts'

const [path = '', ...texts] = process.argv.slice(2)
/** Large enough that the writing takes its time, in which it can be hit. */
const times = 1_000_000
const { signal } = new AbortController()
for (let turn = 0; ; turn++) {
  process.stdout.write('.')
  const change = (): string => (texts[turn % texts.length] ?? '').repeat(times)
  await changeConfigFile({ path, absent: '', change, signal })
}
