import { fileURLToPath } from 'node:url'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  publicDir: false,
  plugins: [react(), tailwind()],
  resolve: {
    // The library's own writes a style element, which the content security policy refuses.
    alias: { 'react-remove-scroll': here('./ui/still-page.tsx') },
  },
  build: {
    outDir: here('../../build/console'),
    emptyOutDir: true,
    // Assets within the HTML or CSS as data: URLs would need a looser policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:7380' } },
})
