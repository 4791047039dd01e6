import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { S3Credentials } from '../../src/storage/s3/client.ts'

/** Why a request is not signed as it must be: the name of the failure in S3. Null: it is. */
export function signatureFault(o: {
  request: IncomingMessage
  body: Buffer
  credentials: S3Credentials
  now: Date
}): string | null {
  const { headers, method = '', url = '' } = o.request
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (match === null) return 'AccessDenied'
  const [, keyId = '', day = '', region = '', names = '', signature] = match
  if (keyId !== o.credentials.accessKeyId) return 'InvalidAccessKeyId'
  const signed = names.split(';')
  // What stands in the request without being signed could be changed on the way.
  const mustBe = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))]
  if (!mustBe.every((name) => signed.includes(name))) return 'AccessDenied'
  const date = one(headers['x-amz-date'])
  const digest = one(headers['x-amz-content-sha256'])
  if (!date.startsWith(day)) return 'AuthorizationHeaderMalformed'
  if (Math.abs(momentOf(date) - o.now.getTime()) > 15 * 60_000) return 'RequestTimeTooSkewed'
  if (digest !== 'UNSIGNED-PAYLOAD' && digest !== sha256(o.body)) return 'XAmzContentSHA256Mismatch'
  const [path = '', query = ''] = url.split('?')
  const canonical = [
    method,
    path,
    query
      .split('&')
      .filter((part) => part !== '')
      .map((part) => (part.includes('=') ? part : `${part}=`))
      .sort()
      .join('&'),
    ...signed.map((name) => `${name}:${one(headers[name]).trim().replaceAll(/ +/g, ' ')}`),
    '',
    names,
    digest,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (previous, text) => hmac(previous, text),
    `AWS4${o.credentials.secretAccessKey}`,
  )
  return hmac(key, toSign).toString('hex') === signature ? null : 'SignatureDoesNotMatch'
}

function one(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '')
}

/** Of `20261128T110000Z`. */
function momentOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
