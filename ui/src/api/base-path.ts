const given = document.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? ''

/** The path below which the service is found on the host of this page, such as /runcast; '' for the root. */
export const BASE_PATH = given.startsWith('/') ? given : ''

/** The same for the pages: a person may also open them at the service itself, without the gateway that the path belongs to. */
export const PAGES_PATH = `${location.pathname}/`.startsWith(`${BASE_PATH}/`) ? BASE_PATH : ''
