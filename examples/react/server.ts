import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { serve } from '@hono/node-server'
import { forward } from 'holdfast/client'

/** The shop's server: its page, and below /holdfast what its page asks of the service, with a key that no browser sees. */
const { HOLDFAST_SERVER: url = 'http://127.0.0.1:7380', HOLDFAST_KEY: key, ADMIN_PASSWORD, PORT = '3000' } = process.env // prettier-ignore
const mount = '/holdfast'
const built = join(import.meta.dirname, 'dist')
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

const entries = await readdir(built, { recursive: true, withFileTypes: true })
const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
const files = new Map(paths.map((path) => [`/${relative(built, path)}`, path]))

/** Of this application: who may use the page of its administration. */
function mayUse(request: Request): boolean {
  const given = Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')
  return ADMIN_PASSWORD !== undefined && request.headers.get('authorization') === `Basic ${given}`
}

/** Browsers send what they know a user by with requests of any page: what changes something comes from this one. */
function isFromHere(request: Request): boolean {
  return request.method === 'GET' || request.headers.get('sec-fetch-site') === 'same-origin'
}

async function answer(request: Request): Promise<Response> {
  if (!mayUse(request))
    return new Response(null, { status: 401, headers: { 'www-authenticate': 'Basic realm="shop"' } })
  const { pathname } = new URL(request.url)
  if (pathname.startsWith(`${mount}/`)) {
    if (!isFromHere(request)) return new Response(null, { status: 403 })
    return await forward({ url, key }, request, pathname.slice(mount.length))
  }
  const file = files.get(pathname === '/' ? '/index.html' : pathname)
  if (file === undefined) return new Response(null, { status: 404 })
  const headers = { 'content-type': types[extname(file)] ?? 'application/octet-stream' }
  return new Response(new Uint8Array(await readFile(file)), { headers })
}

serve({ fetch: answer, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) => {
  console.log(`The shop is at http://127.0.0.1:${port}`)
})
