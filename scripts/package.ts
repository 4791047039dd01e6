import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { consoleVersion } from '../src/cli/console.ts'
import { copy, root, run, stageModules } from './package-modules.ts'

/*
 * Makes the package that another application installs, build/holdfast-VERSION.tgz, from a directory that looks as it will: build/package.
 */

const stage = join(root, 'build/package')

for (const script of ['build-console.ts', 'build-react.ts'])
  run(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts', script)])
rmSync(stage, { recursive: true, force: true })
stageModules(stage)
copy(`build/console/${await consoleVersion()}`, join(stage, 'build/console/packed'))
copy('build/react', join(stage, 'build/react'))
const options = ['--json', '--ignore-scripts', '--pack-destination', join(root, 'build')]
const [packed] = JSON.parse(run('npm', ['pack', stage, ...options])) as { filename: string }[]
process.stdout.write(`${join(root, 'build', packed?.filename ?? '')}\n`)
