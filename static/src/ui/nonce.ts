/** The page's own nonce: the browser hides it from selectors, not from scripts. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
