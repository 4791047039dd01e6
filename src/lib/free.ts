/**
 * Gives a buffer's memory back now. The garbage collector sees only the small handle of it, and would take its time, or
 * collect again and again because so much memory hangs on so few objects. Nobody may use the bytes any more.
 */
export function free(bytes: Uint8Array<ArrayBuffer>): void {
  bytes.buffer.transfer(0)
}
