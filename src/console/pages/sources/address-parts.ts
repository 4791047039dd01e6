/** What an address says, as far as it can be read here; the service reads it itself. */
export interface AddressParts {
  readonly host: string
  readonly port: string
  readonly database: string
  readonly user: string
  /** How the connection is encrypted; empty: as libpq does by itself. */
  readonly tls: string
}

/** Null: it is nothing that can be read. */
export function partsOf(address: string): AddressParts | null {
  const words = wordsOf(address)
  if (words === null) return null
  const { user = '', sslmode: tls = '' } = words
  return { host: hostOf(words), port: words['port'] ?? '5432', database: words['dbname'] ?? user, user, tls }
}

/** Whether they lead to one place: the same host, port, database and service. */
export function leadToOne(one: string, other: string): boolean {
  const place = (address: string): string => {
    const words = wordsOf(address)
    if (words === null) return address
    const { port = '5432', user, dbname = user, service } = words
    return JSON.stringify([hostOf(words).toLowerCase(), port, dbname, service])
  }
  return place(one) === place(other)
}

/** What libpq calls each part. */
type Words = Readonly<Record<string, string>>

const hostOf = ({ host, hostaddr }: Words): string => host ?? hostaddr ?? ''
const url =
  /^postgres(?:ql)?:\/\/(?:([^:@/?]*)(?::[^@/?]*)?@)?(?:\[([^\]]+)\]|([^:/?]*))(?::(\d*))?(?:\/([^?]*))?(?:\?(.*))?$/

function wordsOf(address: string): Words | null {
  const text = address.trim()
  const words = /^postgres(ql)?:/.test(text) ? ofUrl(text) : ofKeywords(text)
  const said = Object.entries(words).filter(([, value]) => value !== '')
  return said.length === 0 ? null : Object.fromEntries(said)
}

function ofUrl(text: string): Words {
  const [matched, user = '', v6, name = '', port = '', dbname = '', query = ''] = url.exec(text) ?? []
  if (matched === undefined) return {}
  try {
    const [host, login, database] = [v6 ?? name, user, dbname].map(decodeURIComponent)
    const more = Object.fromEntries([...new URLSearchParams(query)].filter(([, value]) => value !== ''))
    return { host: host ?? '', port, user: login ?? '', dbname: database ?? '', ...more }
  } catch {
    return {}
  }
}

/** `host=... dbname='...'`. */
function ofKeywords(text: string): Words {
  const found = text.matchAll(/(\w+)\s*=\s*(?:'((?:\\.|[^'\\])*)'|(\S*))/g)
  const plain = (value: string): string => value.replace(/\\(.)/g, '$1')
  return Object.fromEntries([...found].map(([, name, quoted, bare]) => [name, plain(quoted ?? bare ?? '')]))
}
