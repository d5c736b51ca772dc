import { shown } from '../lib/keys';
import { Dialog } from '../ui/dialog';
import { bindings, isMac } from './keyboard';
import { singleKeys } from './preferences';
import { helpOpen } from './masthead';

/** The keys that the page answers to: a chunk of its own. */
export function KeyHelp() {
  const groups = Map.groupBy(
    bindings().filter((b) => b.label && b.group !== 'Dialog'),
    (b) => b.group,
  );
  return (
    <Dialog title="Keyboard shortcuts" wide onClose={() => (helpOpen.value = false)}>
      <div class="keylist">
        {[...groups].map(([group, keys]) => (
          <section key={group}>
            <h3>{group}</h3>
            <ul>
              {keys.map((b) => (
                <li key={b.keys}>
                  <span>{b.label}</span>
                  <span>
                    {shown(b.keys, isMac).map((k) => (
                      <kbd key={k}>{k}</kbd>
                    ))}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <label class="row small" style={{ flexWrap: 'nowrap' }}>
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(e) => (singleKeys.value = e.currentTarget.checked)}
        />
        <span>Single-key shortcuts. They never work while you type.</span>
      </label>
    </Dialog>
  );
}
