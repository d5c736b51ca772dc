import { useEffect, useState } from 'preact/hooks';
import { accountParts, inAccount } from '../../app/accounts';
import { adjust } from '../../app/state';
import type { ActivityRoute } from '../../lib/router';

const KINDS: [string, string][] = [
  ['', 'Everything'],
  ['change', 'Changes'],
  ['rollback', 'Rollbacks'],
  ['override', 'Overrides of a freeze'],
  ['refusal', 'Refusals'],
  ['proposal', 'Proposals'],
  ['approval', 'Approvals'],
  ['rejection', 'Rejections'],
  ['freeze', 'Freezes'],
  ['deletion', 'Deletions'],
];

/** What of the activity is shown: all of it is in the address. */
export function Filters({
  at,
  people,
  clusters,
}: {
  at: ActivityRoute;
  people: readonly string[];
  clusters: readonly string[];
}) {
  const names = (known: readonly string[], chosen: string) =>
    (chosen && !known.includes(chosen) ? [chosen, ...known] : known).map((name): [string, string] => [name, name]);
  const parts = accountParts.value;
  return (
    <div class="toolbar activityfilters" role="group" aria-label="Filters">
      {parts && (
        <parts.AccountFilter
          value={at.account}
          onChoose={(account) => adjust({ account, within: inAccount(at.within, account) ? at.within : '' })}
        />
      )}
      <Choice
        label="Cluster"
        value={at.within}
        choices={[['', 'All clusters'], ...names(clusters, at.within)]}
        onChange={(within) => adjust({ within })}
      />
      <Choice
        label="Person"
        value={at.by}
        choices={[['', 'Everyone'], ...names(people, at.by)]}
        onChange={(by) => adjust({ by })}
      />
      <Choice label="Kind" value={at.kind} choices={KINDS} onChange={(kind) => adjust({ kind })} />
      <ServiceFilter value={at.service} />
      <Day label="From" value={at.since} onChange={(since) => adjust({ since })} />
      <Day label="To" value={at.until} onChange={(until) => adjust({ until })} />
    </div>
  );
}

/** What is typed stays until Enter or a change of focus applies it, whatever is drawn again meanwhile. */
function ServiceFilter({ value }: { value: string }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <input
      class="input"
      type="search"
      aria-label="Service"
      placeholder="Service"
      value={typed}
      onInput={(e) => setTyped(e.currentTarget.value)}
      onChange={(e) => adjust({ service: e.currentTarget.value.trim() })}
    />
  );
}

function Day({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  return (
    <label class="row small">
      {label}
      <input class="input" type="date" value={value} onChange={(e) => onChange(e.currentTarget.value)} />
    </label>
  );
}

function Choice({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: string;
  choices: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}) {
  return (
    <select class="input" aria-label={label} value={value} onChange={(e) => onChange(e.currentTarget.value)}>
      {choices.map(([key, word]) => (
        <option key={key} value={key}>
          {word}
        </option>
      ))}
    </select>
  );
}
