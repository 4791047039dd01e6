/** Takes secrets out of whatever is about to be printed: the last wall, behind not putting them in messages. */
export interface Redactor {
  /** Masks this value from now on. Values under four characters are left: masking them would only spoil text. */
  add(secret: string): void
  /** Masks the password of a database address, unless it also is its user, host or database, as in examples. */
  addAddress(address: string): void
  redact(text: string): string
  /** As `redact`, for every text inside a value that will become JSON. */
  redactValue(value: unknown): unknown
}

const mask = '***'

const patterns: readonly [RegExp, string][] = [
  // To the last @ of the word: an unescaped password may hold any character.
  [/(\bpostgres(?:ql)?:\/\/[^\s:/@]*:)[^\s]*@/gi, `$1${mask}@`],
  [/(\b(?:password|passphrase|sslpassword)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&'"]+)/gi, `$1${mask}`],
  [/AGE-SECRET-KEY-[A-Z0-9-]+/gi, `AGE-SECRET-KEY-${mask}`],
  [/SCRAM-SHA-256\$\d+:[^\s'"]+/g, `SCRAM-SHA-256$$${mask}`],
  [/\bmd5[0-9a-f]{32}\b/g, `md5${mask}`],
]

/** A redactor that knows the patterns of secrets, and the values that were added to it. */
export function createRedactor(): Redactor {
  const known = new Set<string>()

  function add(secret: string): void {
    if (secret.length < 4) return
    known.add(secret)
    known.add(encodeURIComponent(secret))
  }

  function addAddress(address: string): void {
    const url = URL.canParse(address) ? new URL(address) : null
    if (url === null) return
    const passwords = [decode(url.password), url.searchParams.get('password') ?? '']
    const ordinary = new Set([decode(url.username), url.hostname, decode(url.pathname.slice(1))])
    for (const password of passwords) if (!ordinary.has(password)) add(password)
  }

  function redact(text: string): string {
    let clean = text
    for (const [pattern, replacement] of patterns) clean = clean.replaceAll(pattern, replacement)
    // Longest first, or a secret that begins with another one would be masked by half.
    for (const secret of [...known].sort((a, b) => b.length - a.length)) {
      clean = clean.replaceAll(secret, mask)
    }
    return clean
  }

  function redactValue(value: unknown): unknown {
    if (typeof value === 'string') return redact(value)
    if (typeof value === 'bigint') return value.toString()
    if (value instanceof Date) return value.toISOString()
    if (Array.isArray(value)) return value.map(redactValue)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [redact(key), redactValue(inner)]))
  }

  return { add, addAddress, redact, redactValue }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
