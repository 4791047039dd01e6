import { printable } from './width.ts'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Safe between tags and in quoted attributes. */
export function escapeHtml(plain: string): string {
  return plain.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}

/** A name or text of the database, which may hold anything: what could turn the reading direction is shown, and it is safe as HTML. */
export function textHtml(plain: string): string {
  return escapeHtml(printable(plain))
}
