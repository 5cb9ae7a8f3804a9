/** The nonce that the content security policy of this page asks of `<style>` elements; '' for none. */
export const STYLE_NONCE = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
