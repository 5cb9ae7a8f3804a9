import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { CLONE } from '../service/runcast-command.ts'

const IMAGES = join(CLONE, 'docs/images')

/** True when the pictures of the documents are taken anew. */
export const TAKES_PICTURES = process.env['UPDATE_IMAGES'] === '1'

/** The window that they show. */
export const PICTURED = { width: 1440, height: 900 }

/** Takes a picture that the documents show, when that is asked for. */
export async function takePicture (page: Page, name: string): Promise<void> {
  if (!TAKES_PICTURES) return
  await mkdir(IMAGES, { recursive: true })
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(IMAGES, `${name}.png`), animations: 'disabled' })
}
