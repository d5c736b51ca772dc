/** A call that changes something: made once at a time, with what went wrong. */

import { useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../lib/rest';
import { heed } from './state';

export interface Once {
  busy: boolean;
  error: ApiError | null;
  /** Makes the call, unless one is under way; does not reject. */
  run: (act: () => Promise<void>) => Promise<void>;
  /** Forgets the error. */
  reset: () => void;
}

export function useOnce(): Once {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  // Two strokes may come before the page is drawn again.
  const running = useRef(false);
  const run = async (act: () => Promise<void>) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (thrown) {
      setError(heed(asApiError(thrown)));
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, error, run, reset: () => setError(null) };
}
