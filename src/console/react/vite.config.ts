import { fileURLToPath } from 'node:url'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, esmExternalRequirePlugin } from 'vite'
import { scopeStyles } from './scope.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('..'),
  publicDir: false,
  plugins: [
    react({ jsxImportSource: 'holdfast-parts' }),
    tailwind(),
    // The application's own, also for packages that are not modules.
    esmExternalRequirePlugin({ external: [/^react(-dom)?($|\/)/] }),
  ],
  resolve: {
    alias: {
      'react-remove-scroll': here('../ui/still-page.tsx'),
      'holdfast-parts/jsx-runtime': here('./jsx-runtime.ts'),
    },
  },
  css: { postcss: { plugins: [scopeStyles] } },
  build: {
    emptyOutDir: true,
    lib: { entry: here('./react.tsx'), formats: ['es'], fileName: 'react', cssFileName: 'styles' },
    rolldownOptions: {
      output: { chunkFileNames: 'parts/[name]-[hash].js', banner: "'use client'" },
    },
    reportCompressedSize: false,
  },
})
