import { useMemo, useRef, useState } from 'preact/hooks';
import { shortRevision } from '../app/actions';
import { useRead } from '../app/read';
import { adjust, store } from '../app/state';
import { type AuditEntry, identity, type Kind, type Known, mentions, place, readAudit, renewed } from '../lib/audit';
import { plural } from '../lib/changes';
import { wordsOf } from '../lib/filter';
import type { Json } from '../lib/model';
import { call, path } from '../lib/rest';
import type { Route } from '../lib/router';
import type { ClusterEntry } from '../lib/store';
import { Avatar } from '../ui/avatar';
import { Badge, type Tone } from '../ui/badge';
import { Button, Link } from '../ui/button';
import type { IconName } from '../ui/icons';
import { SearchField } from '../ui/search';
import { Empty, ErrorBanner, Failed, Skeleton } from '../ui/states';
import { UserText } from '../ui/text';
import { Ago } from '../ui/time';
import { ClusterFrame } from './frame';

const PAGE = 50;

const APPROVALS: Kind[] = ['proposal', 'approval', 'rejection'];
const CHIPS: { chip: string; label: string; kinds: Kind[] }[] = [
  { chip: '', label: 'All', kinds: ['change', 'override', 'refusal', 'deletion', ...APPROVALS] },
  { chip: 'done', label: 'Done', kinds: ['change', 'override', 'deletion'] },
  { chip: 'refused', label: 'Refused', kinds: ['refusal'] },
  { chip: 'override', label: 'Overrides', kinds: ['override'] },
  { chip: 'approvals', label: 'Approvals', kinds: APPROVALS },
];

/** Who did or tried what, from where, and what came of it. */
export function AuditScreen({ entry, at }: { entry: ClusterEntry; at: Extract<Route, { screen: 'audit' }> }) {
  const { entries, next, first, more, older } = useAudit(entry);
  const words = wordsOf(at.filter);
  const kinds = CHIPS.find((c) => c.chip === at.chip)?.kinds ?? CHIPS[0]!.kinds;
  const shown = entries.filter((e) => kinds.includes(e.kind) && mentions(e, words));
  const clear = <Button onClick={() => adjust({ filter: '', chip: '' })}>Clear the filter</Button>;
  return (
    <ClusterFrame entry={entry} page="audit">
      {first.error && <Failed error={first.error} retry={first.again} />}
      {!first.data && first.slow && <Skeleton rows={8} />}
      {first.data && (
        <div class="toolbar">
          <div class="chips" role="group" aria-label="Show">
            {CHIPS.map(({ chip, label, kinds: of }) => (
              <button
                key={chip}
                type="button"
                class="chip"
                aria-pressed={at.chip === chip}
                onClick={() => adjust({ chip })}
              >
                {label} <span class="number">{entries.filter((e) => of.includes(e.kind)).length}</span>
              </button>
            ))}
          </div>
          <SearchField label="Filter the audit" value={at.filter} onChange={(filter) => adjust({ filter })} />
        </div>
      )}
      {first.data && !entries.length && (
        <Empty icon="audit" title="No entries yet">
          Changes and refusals of {entry.name} appear here.
        </Empty>
      )}
      {entries.length > 0 && !shown.length && (
        <Empty
          icon="search"
          title={`0 of ${entries.length} match`}
          actions={
            <>
              {next && <Button onClick={older}>{more.slow ? 'Reading…' : 'Search older entries'}</Button>}
              {clear}
            </>
          }
        >
          {next ? 'The newest entries are loaded.' : 'All entries are loaded.'}
        </Empty>
      )}
      {shown.length > 0 && (
        <section class="panel" aria-label="Audit, newest first">
          <header>
            <h2>Audit</h2>
            <span class="small mute" role="status">
              {shown.length < entries.length ? `${shown.length} of ${plural(entries.length, 'entry', 'entries')}` : ''}
            </span>
          </header>
          <ol class="records">
            {shown.map((each) => (
              <Entry key={identity(each)} cluster={entry.name} entry={each} />
            ))}
          </ol>
        </section>
      )}
      {next && (shown.length > 0 || !entries.length) && (
        <p class="row" style={{ justifyContent: 'center' }}>
          <Button onClick={older}>{more.slow ? 'Reading…' : 'Older entries'}</Button>
        </p>
      )}
      {more.error && <ErrorBanner error={more.error} retry={more.again} />}
    </ClusterFrame>
  );
}

/** The newest page, read again whenever there may be something new, and the older ones that were asked for. */
function useAudit({ name, summary, audited }: ClusterEntry) {
  const [cursor, setCursor] = useState<string | null>(null);
  const known = useRef<Known>({ entries: [], next: null });
  const get = (after: string | null) => (signal: AbortSignal) =>
    call<Json>(path('clusters', name, 'audit'), { signal, query: { limit: PAGE, after } });
  const first = useRead<Json>(
    `audit ${name} ${summary.value.revision} ${audited.value} ${store.syncs.value}`,
    get(null),
  );
  const more = useRead<Json>(cursor && `audit ${cursor}`, get(cursor));
  useMemo(() => {
    if (first.data) known.current = renewed(known.current, readAudit(first.data));
  }, [first.data]);
  useMemo(() => {
    if (!more.data) return;
    const { entries, next } = readAudit(more.data);
    known.current = { entries: [...known.current.entries, ...entries], next };
  }, [more.data]);
  return { ...known.current, first, more, older: () => setCursor(known.current.next) };
}

const LOOKS: Partial<Record<Kind, [Tone, IconName, string]>> = {
  refusal: ['bad', 'circle-cross', 'Refused'],
  override: ['warn', 'frozen', 'Freeze overridden'],
  deletion: ['bad', 'trash', 'Deleted'],
  proposal: ['warn', 'pause', 'Proposed'],
  approval: ['good', 'check', 'Approved'],
  rejection: ['bad', 'circle-cross', 'Rejected'],
};

function Entry({ cluster, entry }: { cluster: string; entry: AuditEntry }) {
  const look = LOOKS[entry.kind];
  return (
    <li>
      <Avatar name={entry.by} />
      <div class="change">
        <div class="row">
          <strong>
            <UserText text={entry.kind === 'refusal' ? `Tried to ${entry.what}` : entry.what} />
          </strong>
          {look && (
            <Badge tone={look[0]} icon={look[1]}>
              {look[2]}
            </Badge>
          )}
          {entry.count > 1 && <span class="small mute">{entry.count} times</span>}
        </div>
        {entry.message && (
          <span class="small soft">
            <UserText text={entry.message} quoted />
          </span>
        )}
        {entry.override && (
          <span class="small soft">
            Freeze overridden: <UserText text={entry.override} quoted />
          </span>
        )}
        {entry.reason && (
          <span class="small soft">
            <UserText text={entry.reason} />
          </span>
        )}
        <span class="small mute">
          <b>
            <UserText text={entry.by ?? 'Another program'} />
          </b>{' '}
          · <Ago at={entry.at} /> ·{' '}
          <span title={entry.source}>
            from <UserText text={place(entry.source) || 'an unknown place'} />
          </span>
        </span>
      </div>
      <div class="row">
        {entry.revision && (
          <Link
            to={{ screen: 'history', cluster, from: null, to: entry.revision }}
            class="revision"
            title="What changed"
          >
            {shortRevision(entry.revision)}
          </Link>
        )}
      </div>
    </li>
  );
}
