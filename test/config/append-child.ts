/** Run as a program: adds a letter to a configuration file, as often as told. */
import { changeConfigFile } from '../../src/config/file.ts'

const [path = '', letter = '', times = ''] = process.argv.slice(2)
const { signal } = new AbortController()
for (let turn = 0; turn < Number(times); turn++)
  await changeConfigFile({ path, absent: '', change: (text) => text + letter, signal })
