import { forward } from '../../src/client/client.ts'

const { env, serve } = Deno

/** As examples/nextjs, as a server of Deno's, or one of its edge functions. */
const url: string = env.get('HOLDFAST_SERVER') ?? 'http://127.0.0.1:7380'
const key: string | undefined = env.get('HOLDFAST_KEY')
const token: string | undefined = env.get('APP_TOKEN')
const mount = '/api/holdfast'

serve({ hostname: '127.0.0.1', port: Number(env.get('PORT') ?? '8000') }, async (request: Request) => {
  // Of this application: who may see and start backups.
  if (token === undefined || request.headers.get('authorization') !== `Bearer ${token}`)
    return new Response(null, { status: 401 })
  const { pathname } = new URL(request.url)
  if (!pathname.startsWith(`${mount}/`)) return new Response(null, { status: 404 })
  return await forward({ url, key }, request, pathname.slice(mount.length))
})
