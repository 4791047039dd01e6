/** How many columns of a terminal a text takes: names in a database may be in any script. */

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Nothing is drawn for these: combining marks, format characters, and the vowels and tails inside a Hangul syllable. */
const noWidth = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff\ud7b0-\ud7fb]$/u

/** East Asian Wide and Fullwidth (Unicode Standard Annex 11), and what is drawn as an emoji unless told otherwise. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u

/** An emoji by a variation selector, a joined sequence, a skin tone or a flag: two columns, whatever it is made of. */
const emojiSequence =
  /\p{Emoji}\ufe0f|\p{Extended_Pictographic}.*\u200d|\p{Regional_Indicator}{2}|\p{Emoji_Modifier}/su

/** The columns that `text`, which has no line breaks, takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment)
  return width
}

function graphemeWidth(grapheme: string): number {
  if (emojiSequence.test(grapheme)) return 2
  let width = 0
  for (const character of grapheme) {
    if (!noWidth.test(character)) width += wide.test(character) ? 2 : 1
  }
  return width
}

/** What a reader takes for characters, one by one. */
export function segments(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** `text` if it fits, else as much of it as does, with `…` at the end. Never cuts a character in two. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const { segment } of segmenter.segment(text)) {
    width += graphemeWidth(segment)
    if (width > columns - 1) break
    kept += segment
  }
  return columns < 1 ? '' : `${kept}…`
}

/** Spaces on the left or right, up to `columns`. */
export function padTo(text: string, columns: number, align: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(0, columns - displayWidth(text)))
  return align === 'left' ? text + spaces : spaces + text
}

/**
 * Makes a name or value from a database safe to print inside a line: control characters could drive the terminal,
 * and characters that turn the reading direction could make a name look like another one. They are shown, not sent.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu, shown)
}

/** As `printable`, for whole messages: line breaks and tabs stay, and so does what `table.ts` put in for direction. */
export function withoutControls(text: string): string {
  return text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]|\p{Surrogate}/gu, shown)
}

function shown(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}
