import { join, resolve } from 'node:path'

/** The folder of the project. */
export const ROOT = resolve(import.meta.dirname, '../..')

/** The folder for the records of the build: stamps, the lock, and the releases that servers use. */
export const RECORDS = join(ROOT, '.build')
