import { useState } from 'preact/hooks';
import { shortRevision } from '../app/actions';
import { useRead } from '../app/read';
import { readText } from '../app/stackfiles';
import { go } from '../app/state';
import { readDiff, summary } from '../lib/changes';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import type { Revision } from '../lib/revisions';
import { Button } from '../ui/button';
import { ChangeTabs, type ChangeView } from '../ui/change-tabs';
import { PlannedServices } from '../ui/fields';
import { ErrorBanner, Skeleton } from '../ui/states';
import { TextCompare } from '../ui/text-compare';

/** Any two revisions against each other: by service, or as text. */
export function Comparison({
  cluster,
  from,
  to,
  revisions,
}: {
  cluster: string;
  from: string | null;
  to: string;
  revisions: readonly Revision[];
}) {
  const [view, setView] = useState<ChangeView>('fields');
  const before = from ?? revisions[revisions.findIndex((r) => r.id === to) + 1]?.id ?? null;
  const reading = useRead<Json>(before || !from ? `diff ${cluster} ${before} ${to}` : null, (signal) =>
    call(path('clusters', cluster, 'revisions', to, 'diff'), { signal, query: { against: before } }),
  );
  const services = reading.data && readDiff(reading.data);
  const show = (older: string | null, newer: string | null) =>
    go({ screen: 'history', cluster, from: older, to: newer });
  return (
    <section class="stack" aria-label="Comparison">
      <div class="spread">
        <h2>{services ? summary(services) : 'Comparison'}</h2>
        <Button kind="quiet" icon="cross" label="Close the comparison" onClick={() => show(null, null)} />
      </div>
      <div class="row">
        <Choose label="Before" value={before} revisions={revisions} onChange={(id) => show(id, to)} />
        <span class="mute" aria-hidden="true">
          →
        </span>
        <Choose label="After" value={to} revisions={revisions} onChange={(id) => show(before, id)} />
      </div>
      <ChangeTabs view={view} onChange={setView}>
        {reading.error && <ErrorBanner error={reading.error} retry={reading.again} />}
        {!services && reading.slow && <Skeleton rows={4} />}
        {view === 'fields' &&
          services &&
          (services.length ? <PlannedServices services={services} open={10} /> : <p class="hint">No differences</p>)}
        {view === 'text' && before && <Texts cluster={cluster} before={before} after={to} />}
      </ChangeTabs>
    </section>
  );
}

function Choose({
  label,
  value,
  revisions,
  onChange,
}: {
  label: string;
  value: string | null;
  revisions: readonly Revision[];
  onChange: (id: string) => void;
}) {
  const known = revisions.some((r) => r.id === value);
  return (
    <label class="row small">
      {label}
      <select class="input revisionselect" value={value ?? ''} onChange={(e) => onChange(e.currentTarget.value)}>
        {!known && <option value={value ?? ''}>{shortRevision(value)}</option>}
        {revisions
          .filter((r) => !r.deleted)
          .map((r) => (
            <option key={r.id} value={r.id}>
              {shortRevision(r.id)} · {r.message ?? r.summary ?? 'no reason given'}
            </option>
          ))}
      </select>
    </label>
  );
}

function Texts({ cluster, before, after }: { cluster: string; before: string; after: string }) {
  const left = useRead<string>(`text ${cluster} ${before}`, (signal) => readText(cluster, signal, before));
  const right = useRead<string>(`text ${cluster} ${after}`, (signal) => readText(cluster, signal, after));
  const failed = left.error ?? right.error;
  if (failed) return <ErrorBanner error={failed} retry={left.error ? left.again : right.again} />;
  if (left.data === null || right.data === null) return left.slow || right.slow ? <Skeleton rows={4} /> : null;
  return <TextCompare before={left.data} after={right.data} label="The older stackfile against the newer" />;
}
