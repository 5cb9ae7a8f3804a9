import { createTheme, type CSSVariablesResolver } from '@mantine/core'

/** The look of Mantine's components. The colours themselves stand in styles.css. */
export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: 7,
  autoContrast: true,
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'var(--font-text)',
  fontFamilyMonospace: 'var(--font-code)',
  colors: {
    // Inks first, papers last.
    dark: ['#e4e9f0', '#c2cad6', '#9aa6b6', '#667180', '#3a4350', '#2e3642', '#1d232d', '#171c24', '#0f1319', '#0b0e13'],
    accent: ['#eef4ff', '#dbe7fd', '#b8d0fb', '#93b8f9', '#79a6f7', '#5b8ef2', '#3b74e4', '#2460cf', '#1c4fae', '#17408c']
  }
})

/** Gives the colours of styles.css to Mantine's surfaces and texts. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {
    '--mantine-color-body': 'var(--paper)',
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-dimmed': 'var(--quiet)',
    '--mantine-color-placeholder': 'var(--quiet)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-error': 'var(--failed)',
    '--mantine-color-default': 'var(--raised)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--ink)',
    '--mantine-color-default-border': 'var(--control-line)'
  },
  light: {},
  dark: {}
})
