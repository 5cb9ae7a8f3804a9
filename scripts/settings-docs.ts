import { SettingsSchema } from '../schemas/config.ts'

/** One setting as the documents show it. */
export interface SettingDoc {
  readonly name: string
  /** The default; '' when there is none. */
  readonly fallback: string
  readonly description: string
}

/** Every setting with its default and meaning, in the order of the schema. */
export function settingDocs (): SettingDoc[] {
  return Object.entries(SettingsSchema.properties).map(([name, schema]) => ({
    name,
    fallback: 'default' in schema ? String(schema.default) : '',
    description: 'description' in schema ? String(schema.description) : ''
  }))
}

/** The table of `docs/settings.md`, in Markdown. */
export function settingsTable (): string {
  const rows = settingDocs().map(({ name, fallback, description }) => `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${description.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`)
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

/** The text of `.env.example`: every setting, commented out where the default is right for most. */
export function environmentExample (): string {
  const entries = settingDocs().map(({ name, fallback, description }) => `# ${description}\n#${name}=${fallback}\n`)
  return `# Copy to .env and take the # off what you change.\n\n${entries.join('\n')}`
}
