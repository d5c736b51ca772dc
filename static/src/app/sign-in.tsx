import { useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../lib/rest';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { ErrorBanner } from '../ui/states';
import { signedOut, signIn, ways } from './state';

/** Signing in stands over the page: what is on it, drafts above all, stays as it was. */
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
    <Dialog title="You are signed out" onClose={() => (signedOut.value = false)} onSubmit={() => void enter()} footer={<div class="row"><Button type="submit" kind={provider ? 'plain' : 'primary'} why={token ? null : 'The token is missing'}>Sign in</Button></div>}>
      <p class="soft">Everything on the page stays, your drafts too.</p>
      {provider && <p><a class="button" data-kind="primary" href={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`}>Sign in with {provider}</a></p>}
      {error && <ErrorBanner error={error} title="That did not work" />}
      <div class="field">
        <label htmlFor="token">{provider ? 'Or with a token' : 'Token'}</label>
        <input id="token" class="input mono" type="password" autocomplete="current-password" value={token} onInput={(e) => setToken(e.currentTarget.value)} />
      </div>
    </Dialog>
  );
}
