import { forward } from 'holdfast/client'

/** Of this application: who may see and start backups. */
function mayUse(request: Request): boolean {
  return request.headers.get('authorization') === `Bearer ${process.env['APP_TOKEN'] ?? ''}`
}

async function handle(
  request: Request,
  { params }: { params: Promise<{ path: string[] }> },
): Promise<Response> {
  if (!mayUse(request)) return new Response(null, { status: 401 })
  const { path } = await params
  const { HOLDFAST_SERVER: url = 'http://127.0.0.1:7380', HOLDFAST_KEY: key } = process.env
  return await forward({ url, key }, request, path.map(encodeURIComponent).join('/'))
}

export const dynamic = 'force-dynamic'
export { handle as GET, handle as POST, handle as PATCH, handle as PUT, handle as DELETE }
