/** The payload of a publisher's n-th event, as JSON text, with so many characters of padding. */
export function numberedPayload (publisher: string, n: number, padding = 0): string {
  return `{"p":"${publisher}","n":${n}${padding === 0 ? '' : `,"x":"${'x'.repeat(padding)}"`}}`
}

const NUMBERED = /^\{"p":"([^"]+)","n":(\d+)[,}]/

/** The name of an event by its payload: `<publisher>/<number>`; the payload itself if it is not a publisher's. */
export function nameOf (payload: string): string {
  const [, publisher, n] = NUMBERED.exec(payload) ?? []
  return publisher === undefined || n === undefined ? payload : `${publisher}/${n}`
}
