import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/*
 * Containers, Kubernetes and systemd are not at hand where tests run: what is held here is that the files name what there is. What was
 * tried by hand is in docs/SERVICE.md.
 */

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const files = globSync('deploy/{docker,kubernetes,systemd}/*', { cwd: root }).sort()
const known = read('docs/reference/environment.md')

test('every setting in the files of deploy is one of the service', () => {
  assert.equal(files.length, 4)
  for (const file of files)
    for (const [name] of read(file).matchAll(/\bHOLDFAST_[A-Z_]+\b/g))
      assert.ok(known.includes(name), `${file}: ${name}`)
})

test('they start commands that there are', () => {
  const started = [
    ...read('deploy/docker/Dockerfile').matchAll(/^CMD \["(\w+)"/gm),
    ...read('deploy/systemd/holdfast.service').matchAll(/^ExecStart=\S+\/bin\/holdfast (\w+)/gm),
    ...read('deploy/kubernetes/holdfast.yaml').matchAll(/args: \[(\w+)/g),
  ].map(([, name]) => String(name))
  assert.deepEqual(started, ['serve', 'serve', 'serve', 'worker'])
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  for (const [, script = ''] of read('deploy/docker/Dockerfile').matchAll(/npm run (\S+)/g))
    assert.ok(Object.hasOwn(scripts, script), script)
  for (const name of started)
    assert.match(read('docs/reference/commands.md'), new RegExp(`^## holdfast ${name}$`, 'm'))
})

test('they run without rights, write nowhere but where they must, and name one version of each image', () => {
  const [docker, compose, unit, pods] = [
    'docker/Dockerfile',
    'docker/compose.yaml',
    'systemd/holdfast.service',
    'kubernetes/holdfast.yaml',
  ].map((file) => read(`deploy/${file}`))
  assert.match(docker ?? '', /^USER holdfast$/m)
  assert.match(compose ?? '', /read_only: true[^]*cap_drop: \[ALL\]/)
  assert.match(unit ?? '', /^ProtectSystem=strict$[^]*^NoNewPrivileges=yes$/m)
  assert.match(pods ?? '', /runAsNonRoot: true[^]*readOnlyRootFilesystem: true/)
  for (const [, image] of `${compose} ${pods}`.matchAll(/image: (\S+)/g))
    assert.match(String(image), /:(?!latest)\S+$/, image)
})
