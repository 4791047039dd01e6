/** Run as a program: writes a configuration file again and again, one text and the other, a dot on stdout before each. */
import { writeConfigFile } from '../../src/config/file.ts'

const [path = '', ...texts] = process.argv.slice(2)
/** Large enough that the writing takes its time, in which it can be hit. */
const times = 3_000_000
for (let turn = 0; ; turn++) {
  process.stdout.write('.')
  await writeConfigFile(path, (texts[turn % texts.length] ?? '').repeat(times))
}
