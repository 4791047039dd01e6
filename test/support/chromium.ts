import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { chromium, type Browser } from '@playwright/test'
import { chromiumProgram } from './chromium-program.ts'

/**
 * A Chromium from npm, closed at the end of the test file. Its faces are the ones that come with it, so that pages look the same on every
 * machine; what these lack, such as Arabic, is the machine's own.
 */
export async function testBrowser(): Promise<Browser> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  const { executablePath, faces } = await chromiumProgram()
  await writeFile(
    join(directory, 'fonts.conf'),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${faces}</dir><dir>/usr/share/fonts</dir>
<cachedir>${directory}</cachedir><alias binding="same"><family>system-ui</family><prefer><family>Open Sans</family><family>DejaVu Sans</family></prefer></alias>
</fontconfig>`,
  )
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    env: { PATH: process.env['PATH'] ?? '', HOME: directory, FONTCONFIG_FILE: join(directory, 'fonts.conf') },
  })
  after(async () => {
    await browser.close()
    await rm(directory, { recursive: true, force: true })
  })
  return browser
}
