import { useState } from 'preact/hooks';
import { asked, promote } from '../app/actions';
import { go, store } from '../app/state';
import { versionOf } from '../lib/images';
import type { ClusterEntry } from '../lib/store';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icons';

interface Candidate { name: string; now: string; next: string; same: boolean }

/** Which versions are taken over from another cluster: service by service, what is wanted here now and then. */
export function PromoteDialog({ entry, onClose }: { entry: ClusterEntry; onClose: () => void }) {
  const others = store.names.value.filter((n) => n !== entry.name);
  const [from, setFrom] = useState(others[0] ?? '');
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const candidates = candidatesFrom(store.get(from), entry);
  const differing = candidates.filter((c) => !c.same);
  const chosen = differing.filter((c) => !left.has(c.name)).map((c) => c.name);
  const why = chosen.length ? null : differing.length ? 'Choose a service' : 'Nothing differs';
  const next = () => {
    if (why) return;
    onClose();
    asked.value = { ...promote(from, entry.name, chosen), after: () => go({ screen: 'rollout', cluster: entry.name }) };
  };
  const toggle = (name: string) => setLeft((before) => new Set(before.has(name) ? [...before].filter((n) => n !== name) : [...before, name]));
  return (
    <Dialog
      title={`Promote to ${entry.name}`}
      onClose={onClose}
      onSubmit={next}
      footer={<><span class="small mute">{why}</span><div class="row"><Button onClick={onClose}>Cancel</Button><Button type="submit" kind="primary" why={why}>Plan</Button></div></>}
    >
      <div class="field">
        <label htmlFor="from">Take the versions of</label>
        <select id="from" class="input" value={from} onChange={(e) => { setFrom(e.currentTarget.value); setLeft(new Set()); }}>{others.map((n) => <option key={n}>{n}</option>)}</select>
      </div>
      {candidates.length > 0 ? (
        <fieldset class="promoted">
          <legend class="label">{candidates.length > differing.length ? 'Services of both; those of the same version stay as they are' : 'Services of both'}</legend>
          {candidates.map(({ name, now, next: later, same }) => (
            <label key={name} data-same={same}>
              <input type="checkbox" checked={!same && !left.has(name)} disabled={same} onChange={() => toggle(name)} />
              <span class="cut">{name}</span>
              <span class="version"><span class="cut">{now}</span>{!same && <><Icon name="arrow" /><span class="visually-hidden"> to </span><strong class="cut">{later}</strong></>}</span>
            </label>
          ))}
        </fieldset>
      ) : (
        <p class="hint">{from} and {entry.name} have no service in common.</p>
      )}
    </Dialog>
  );
}

/** The managed services that both have. */
function candidatesFrom(source: ClusterEntry | null, target: ClusterEntry): Candidate[] {
  if (!source) return [];
  return target.names.value.flatMap((name) => {
    const [theirs, ours] = [source.rows.get(name)?.value.image, target.rows.get(name)?.value.image];
    return theirs && ours ? [{ name, now: versionOf(ours), next: versionOf(theirs), same: ours === theirs }] : [];
  });
}
