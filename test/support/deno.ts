import { fileURLToPath } from 'node:url'

/** Deno itself: what npm puts into .bin is a script or the program, as install scripts are run or not. */
export const deno = fileURLToPath(
  new URL(
    `../../node_modules/@deno/linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}-glibc/deno`,
    import.meta.url,
  ),
)
