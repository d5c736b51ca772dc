import type { ApiError } from '../../lib/rest';
import { Button } from '../../ui/button';
import { UserText } from '../../ui/text';

/** Why metrics could not be read, on one line: the rest of the screen does not need them. */
export function ReadFailed({ error, retry }: { error: ApiError; retry: () => void }) {
  return (
    <p class="row small" role="status">
      <span>
        Couldn't read metrics: <UserText text={error.message} />
      </span>
      <Button icon="undo" onClick={retry}>
        Retry
      </Button>
    </p>
  );
}
