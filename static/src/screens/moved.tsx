import type { Signal } from '@preact/signals';
import { plural } from '../lib/changes';
import { Button } from '../ui/button';
import { FREE, type Held } from './rows';

/** The number of rows that would move if they were sorted now; it lies over the list, which does not move for it either. */
export function Moved({ what, n, held }: { what: string; n: number; held: Signal<Held> }) {
  return n > 0 ? (
    <div class="moved">
      <Button icon="drift" onClick={() => (held.value = FREE)}>
        {plural(n, what)} moved — re-sort
      </Button>
    </div>
  ) : null;
}
