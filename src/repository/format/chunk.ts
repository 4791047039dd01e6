import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import { openAge, sealAge } from './age.ts'
import { chunkName } from './chunk-names.ts'

/** No chunk is larger than this when it is opened: 1 GiB. Anyone with the epoch's public key can seal a bomb. */
export const largestChunk = 1024 ** 3

/** Smallest possible stored chunk: an age header for one recipient, nonce, tag, and an empty zstd frame. */
export const smallestStoredChunk = 209

/** The stored form of a chunk: an age file, for the epoch, of one zstd frame. docs/FORMAT.md "Chunks". */
export function sealChunk(plain: Uint8Array, epochPublicKey: Uint8Array, level: number): Buffer<ArrayBuffer> {
  const frame = zstdCompressSync(plain, {
    // Room for the worst case lets zstd compress in one pass without buffers of its own.
    chunkSize: compressBound(plain.length),
    // The name is the checksum. The frame tells its content's size, so that it can be opened in one pass too.
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      // Level 1 alone takes twice the size, which is more than a core's first cache holds: 8 % slower, 1 % smaller.
      ...(level === 1 ? { [constants.ZSTD_c_hashLog]: 13 } : {}),
      [constants.ZSTD_c_checksumFlag]: 0,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  })
  const stored = sealAge(frame, epochPublicKey)
  release(frame)
  return stored
}

/**
 * The plain bytes of the stored chunk `name`, in an ArrayBuffer that holds nothing else. Throws `identity_wrong` if it
 * is sealed to another epoch, `object_damaged` if it is not what was stored under this name.
 */
export function openChunk(
  stored: Uint8Array,
  options: { name: string; namingKey: Uint8Array; identity: Uint8Array; maxBytes?: number },
): Uint8Array<ArrayBuffer> {
  const frame = openAge(stored, options.identity)
  const plain = decompress(frame, Math.min(options.maxBytes ?? largestChunk, largestChunk))
  release(frame)
  if (chunkName(options.namingKey, plain) !== options.name) {
    throw new HoldfastError('object_damaged', `Chunk ${options.name} holds something else.`)
  }
  return plain
}

function decompress(frame: Buffer, maxBytes: number): Uint8Array<ArrayBuffer> {
  const size = contentSize(frame)
  if (size === null || size > maxBytes) {
    throw new HoldfastError(
      'object_damaged',
      'A chunk does not hold what it should: no zstd frame of a sane size.',
    )
  }
  const { buffer, engine } = decompressFirstFrame(frame, size)
  // node:zlib passes over whatever follows the first frame; `zstd -d` does not.
  if (engine.bytesWritten !== frame.length || buffer.length !== size) {
    throw new HoldfastError('object_damaged', 'A chunk holds more than one zstd frame.')
  }
  return unpooled(buffer)
}

function decompressFirstFrame(
  frame: Buffer,
  size: number,
): { buffer: Buffer; engine: { bytesWritten: number } } {
  // A little more than needed: an output buffer that gets full makes zlib allocate a second one.
  const options = { chunkSize: Math.max(size + 64, 8192), maxOutputLength: size + 64, info: true }
  try {
    // With `info` the result is not the Buffer that the types promise.
    return zstdDecompressSync(frame, options) as unknown as ReturnType<typeof decompressFirstFrame>
  } catch (error) {
    throw new HoldfastError('object_damaged', `A chunk cannot be decompressed: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** Only whole ArrayBuffers can be moved to another thread; small Buffers may share one with others. */
function unpooled(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const shared = bytes.buffer.byteLength > bytes.byteLength + 8192 || !(bytes.buffer instanceof ArrayBuffer)
  return shared
    ? Uint8Array.from(bytes)
    : new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Gives memory back now that would wait for the garbage collector, which sees only the small handle of a large buffer. Small
 * Buffers may share their memory and are left alone.
 */
function release(bytes: Buffer): void {
  if (bytes.buffer.byteLength > Buffer.poolSize && bytes.buffer instanceof ArrayBuffer)
    bytes.buffer.transfer(0)
}

/** What the head of a zstd frame says its content's size is (RFC 8878, 3.1.1.1), or null. */
function contentSize(frame: Buffer): number | null {
  if (frame.length < 6 || frame.readUInt32LE(0) !== 0xfd2fb528) return null
  const descriptor = frame.readUInt8(4)
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes
  const kind = descriptor >> 6
  const bytes = kind === 0 ? (singleSegment ? 1 : 0) : 2 ** kind
  if (bytes === 0 || frame.length < at + bytes) return null
  if (bytes === 1) return frame.readUInt8(at)
  if (bytes === 2) return frame.readUInt16LE(at) + 256
  return bytes === 4 ? frame.readUInt32LE(at) : Number(frame.readBigUInt64LE(at))
}

function compressBound(bytes: number): number {
  return Math.max(8192, bytes + Math.ceil(bytes / 256) + 1024)
}
