import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The address of the service behind the pages of `npm run dev -w ui`. */
const SERVICE = process.env['RUNCAST_URL'] ?? 'http://127.0.0.1:3000'

// The service accepts only its own Host in development, and no page of another origin.
const proxy = Object.fromEntries(['/api', '/documentation'].map((path) => [path, { target: SERVICE, changeOrigin: true }]))

export default defineConfig({
  // The service puts the base path in front of the addresses that the page has.
  base: './',
  plugins: [react()],
  resolve: {
    // The test runner brings an older React, which other packages would find first.
    dedupe: ['react', 'react-dom']
  },
  server: { proxy },
  preview: { proxy },
  build: {
    // The content security policy has no data: addresses for scripts, styles and fonts.
    assetsInlineLimit: 0,
    // The first versions with light-dark().
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false }
  }
})
