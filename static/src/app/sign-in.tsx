import { useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../lib/rest';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { ErrorBanner } from '../ui/states';
import { signedOut, signIn, ways } from './state';

/** Signing in, over the page: what is on it, drafts above all, stays as it was. */
export function SignIn() {
  return signedOut.value ? <Form /> : null;
}

function Form() {
  const [token, setToken] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const { provider } = ways.value;
  const enter = async () => {
    setError(null);
    try {
      await signIn(token.trim());
    } catch (thrown) {
      setError(asApiError(thrown));
    }
  };
  return (
    <Dialog
      title="Sign in to Nysa"
      onClose={() => (signedOut.value = null)}
      onSubmit={() => void enter()}
      footer={
        <div class="row">
          <Button type="submit" kind={provider ? 'plain' : 'primary'} why={token ? null : 'Enter a token'}>
            Sign in
          </Button>
        </div>
      }
    >
      <p class="soft">
        {signedOut.value === 'ended'
          ? 'Your session expired. Drafts are kept.'
          : provider
            ? 'Use your organization account, or an access token.'
            : 'Paste an access token (ask your platform team).'}
      </p>
      {provider && (
        <p>
          <a
            class="button"
            data-kind="primary"
            href={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`}
          >
            Sign in with {provider}
          </a>
        </p>
      )}
      {error && <ErrorBanner error={error} title="Couldn't sign in" />}
      <div class="field">
        <label htmlFor="token">Access token</label>
        <input
          id="token"
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog was opened to type this
          autoFocus
          class="input mono"
          type="password"
          autocomplete="current-password"
          value={token}
          onInput={(e) => setToken(e.currentTarget.value)}
        />
      </div>
    </Dialog>
  );
}
