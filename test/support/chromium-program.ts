import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import sparticuz from '@sparticuz/chromium'

const { devDependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { devDependencies: Readonly<Record<string, string>> }

/**
 * The program of a Chromium from npm, and the directory of its faces. It is unpacked once for each user, and whole before anybody finds
 * it: by itself it goes to one place for all users, where whoever comes meanwhile starts what is there of it.
 */
export async function chromiumProgram(): Promise<{ executablePath: string; faces: string }> {
  const own = join(tmpdir(), `holdfast-browser-${userInfo().uid}`)
  const place = join(own, devDependencies['@sparticuz/chromium'] ?? '')
  if (!existsSync(place)) {
    await mkdir(own, { recursive: true, mode: 0o700 })
    const fresh = await mkdtemp(join(own, 'unpacking-'))
    await unpack(fresh)
    await rename(fresh, place).catch(async (error: unknown) => {
      // Somebody else was faster.
      await rm(fresh, { recursive: true, force: true })
      if (!existsSync(place)) throw error
    })
  }
  return { executablePath: join(place, 'chromium'), faces: join(place, 'fonts') }
}

/** It goes to wherever the system's temporary files do. */
async function unpack(into: string): Promise<void> {
  const { TMPDIR } = process.env
  process.env['TMPDIR'] = into
  try {
    await sparticuz.executablePath()
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
  }
}
