import { asUtf8, type DecodeValue } from '../copy-text.ts'

/**
 * Server encodings by the names that a TextDecoder knows. SQL_ASCII says nothing of its bytes; they are most often
 * UTF-8, and are taken for it wherever names are read from the server.
 */
const labels: Readonly<Record<string, string>> = {
  UTF8: 'utf-8',
  SQL_ASCII: 'utf-8',
  EUC_CN: 'gb18030',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN1255: 'windows-1255',
  WIN1256: 'windows-1256',
  WIN1257: 'windows-1257',
  WIN1258: 'windows-1258',
}

/**
 * Turns text of a database's encoding, one byte per character, into characters, to be shown and compared; never to
 * be sent back. An encoding that is not known here is read as Latin-1.
 */
export function nameDecoder(encoding: string): (bytes: string) => string {
  const label = labels[encoding]
  if (label === undefined) return (bytes) => bytes
  const decoder = new TextDecoder(label, { ignoreBOM: true })
  // oxlint-disable-next-line no-control-regex
  return (bytes) => (/^[\0-\x7f]*$/.test(bytes) ? bytes : decoder.decode(Buffer.from(bytes, 'latin1')))
}

/** Encodings that Node has no table for. */
const unknown = new Set(['EUC_TW', 'EUC_JIS_2004', 'MULE_INTERNAL', 'LATIN5'])

/** Turns values of a database's encoding, one byte per character, into text; null if it is one that is not known here. */
export function valueDecoder(encoding: string): DecodeValue | null {
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return asUtf8
  return unknown.has(encoding) ? null : nameDecoder(encoding)
}
