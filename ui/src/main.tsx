import { createRoot } from 'react-dom/client'
import { setNonce } from 'get-nonce'
import { App } from './app.tsx'
import { STYLE_NONCE } from './nonce.ts'
import './styles.css'

// The library that locks scrolling behind dialogs reads the nonce from here.
if (STYLE_NONCE !== '') setNonce(STYLE_NONCE)

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App />)
