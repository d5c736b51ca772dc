import { useState } from 'preact/hooks';
import { asked, promote } from '../app/actions';
import { useRead } from '../app/read';
import { go, store } from '../app/state';
import type { Json } from '../lib/model';
import { plural } from '../lib/changes';
import { type Candidate, readCandidates } from '../lib/promotion';
import { call, path } from '../lib/rest';
import type { ClusterEntry } from '../lib/store';
import { Badge } from '../ui/badge';
import { Dialog } from '../ui/dialog';
import { DialogButtons } from '../ui/dialog-buttons';
import { Icon } from '../ui/icons';
import { ErrorBanner, Skeleton } from '../ui/states';
import { UserText } from '../ui/text';

/** The cluster that has most services in common with this one; '' where there is no other cluster. */
function likeliest(entry: ClusterEntry, others: readonly string[]): string {
  const common = (other: string) => entry.names.value.filter((name) => store.get(other)?.rows.has(name)).length;
  return others.toSorted((a, b) => common(b) - common(a))[0] ?? '';
}

/** The versions to copy from another cluster: service by service, by tag and digest, as the server plans it. */
export function PromoteDialog({
  entry,
  from: source,
  services,
  onClose,
}: {
  entry: ClusterEntry;
  /** The source and the services that are chosen at first: any cluster, and all that run well, unless given. */
  from?: string;
  services?: readonly string[];
  onClose: () => void;
}) {
  const others = store.names.value.filter((n) => n !== entry.name);
  const [from, setFrom] = useState(() => source ?? likeliest(entry, others));
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const reading = useRead<{ from: string; sent: Json }>(from || null, (signal) => compare(from, entry.name, signal));
  const ready = reading.data?.from === from && !reading.error;
  const candidates = ready
    ? readCandidates(reading.data!.sent, (name) => entry.rows.get(name)?.value.image ?? null)
    : [];
  // What rolls out or fails there is not chosen, unless the user does so.
  const atFirst = (each: Candidate) => each.hindrance === null && (services?.includes(each.name) ?? true);
  const isChosen = (each: Candidate) => !each.same && atFirst(each) !== turned.has(each.name);
  const differing = candidates.filter((each) => !each.same);
  const chosen = candidates.filter(isChosen);
  const why = !ready
    ? 'Comparing…'
    : chosen.length
      ? null
      : differing.length
        ? 'Choose a service'
        : candidates.length
          ? 'Already identical'
          : 'No service to promote';
  const next = () => {
    if (why) return;
    onClose();
    const force = chosen.some((each) => each.hindrance !== null);
    asked.value = {
      ...promote(
        from,
        entry.name,
        chosen.map((each) => each.name),
        force,
      ),
      after: () => go({ screen: 'rollout', cluster: entry.name }),
    };
  };
  const turn = (name: string) =>
    setTurned((before) => new Set(before.has(name) ? [...before].filter((n) => n !== name) : [...before, name]));
  return (
    <Dialog
      title={`Promote to ${entry.name}`}
      onClose={onClose}
      onSubmit={next}
      footer={
        <DialogButtons why={why} onCancel={onClose}>
          Review
        </DialogButtons>
      }
    >
      <div class="field">
        <label htmlFor="from">From</label>
        <select
          id="from"
          class="input"
          value={from}
          onChange={(e) => {
            setFrom(e.currentTarget.value);
            setTurned(new Set());
          }}
        >
          {others.map((n) => (
            <option key={n}>{n}</option>
          ))}
        </select>
      </div>
      {reading.error && (
        <ErrorBanner error={reading.error} title="Couldn't compare the clusters" retry={reading.again} />
      )}
      {!ready && !reading.error && reading.slow && <Skeleton rows={3} />}
      {candidates.length > 0 && (
        <fieldset class="promoted">
          <legend class="label">{`${plural(candidates.length, 'service')} in both clusters`}</legend>
          {candidates.map((each) => (
            <Row key={each.name} candidate={each} checked={isChosen(each)} source={from} turn={() => turn(each.name)} />
          ))}
        </fieldset>
      )}
      {ready && candidates.length === 0 && (
        <p class="hint">
          {from} and {entry.name} have no service in common.
        </p>
      )}
    </Dialog>
  );
}

function Row({
  candidate,
  checked,
  source,
  turn,
}: {
  candidate: Candidate;
  checked: boolean;
  source: string;
  turn: () => void;
}) {
  const { name, now, next, same, hindrance } = candidate;
  return (
    <label data-same={same}>
      <input type="checkbox" checked={checked} disabled={same} onChange={turn} />
      <span class="cut">{name}</span>
      <span class="version">
        <span class="cut">{now}</span>
        {!same && (
          <>
            <Icon name="arrow" />
            <span class="visually-hidden"> to </span>
            <strong class="cut">{next}</strong>
          </>
        )}
      </span>
      {hindrance && (
        <span class="also row small">
          <Badge tone="warn" icon="alert">
            Not healthy in {source}
          </Badge>
          <UserText text={hindrance} />
        </span>
      )}
    </label>
  );
}

/** The dry run of a promotion of everything: it names tags, digests, and what does not run well. */
async function compare(from: string, to: string, signal: AbortSignal) {
  const answer = await call<Json>(path('clusters', to, 'promote'), {
    method: 'POST',
    query: { dry_run: true },
    body: { from, force: true },
    signal,
  });
  return { ...answer, data: { from, sent: answer.data } };
}
