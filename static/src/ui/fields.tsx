/** Differences: of fields, of whole services, of texts. */

import { useMemo } from 'preact/hooks';
import { type Action, type Field, plural, type PlannedService, sharedStart, shortValue, VERBS } from '../lib/changes';
import { diffLines, withGaps } from '../lib/textdiff';
import { Badge, type Tone } from './badge';
import { Icon, type IconName } from './icons';

export function Fields({
  fields,
  running = false,
  labels = ['Before', 'After'],
}: {
  fields: readonly Field[];
  running?: boolean;
  labels?: [string, string];
}) {
  const shown = running && fields.some(runsAnother);
  return (
    <div class={shown ? 'fields three' : 'fields'} role="table" aria-label="Changed fields">
      <div class="head" role="row">
        <span role="columnheader">Field</span>
        <span role="columnheader">{labels[0]}</span>
        <span role="columnheader">{labels[1]}</span>
        {shown && <span role="columnheader">Running now</span>}
      </div>
      {fields.map((field) => (
        <div key={field.path} role="row">
          <span class="path" role="cell">
            {field.path}
          </span>
          <span role="cell" data-label={labels[0]}>
            {field.concealed ? (
              <span class="mute">not shown</span>
            ) : (
              <Value value={field.before} other={field.after} side="before" />
            )}
          </span>
          <span role="cell" data-label={labels[1]}>
            {field.concealed ? (
              <span class="mute">not shown</span>
            ) : (
              <Value value={field.after} other={field.before} side="after" />
            )}
          </span>
          {shown && (
            <span role="cell" data-label="Running now">
              <span class="value soft">{runsAnother(field) && beside(shortValue(field.running), field.before)}</span>
            </span>
          )}
        </div>
      ))}
    </div>
  );
}

/** Whether what runs is another value than the one before. */
function runsAnother({ running, before }: Field): boolean {
  return running !== undefined && shortValue(running) !== shortValue(before);
}

/** A text without most of what it begins with like another. */
function beside(text: string, other: unknown): string {
  const start = typeof other === 'string' ? sharedStart(text, other) : '';
  return shortened(start) + text.slice(start.length);
}

/** One side of a change; of two long texts only where they part is coloured. */
function Value({ value, other, side }: { value: unknown; other: unknown; side: 'before' | 'after' }) {
  if (value === null || value === undefined)
    return <span class="mute">{side === 'before' ? 'not set' : 'removed'}</span>;
  const text = shortValue(value);
  const start = typeof value === 'string' && typeof other === 'string' ? sharedStart(text, other) : '';
  return (
    <span class="value">
      {start && <span class="soft">{shortened(start)}</span>}
      <span data-side={side}>{text.slice(start.length)}</span>
    </span>
  );
}

/** A long beginning that both sides share is cut to its last part. */
function shortened(start: string): string {
  const last = start.slice(0, -1).lastIndexOf('/');
  return start.length > MOST_SHARED && last > 0 ? `…${start.slice(last)}` : start;
}

const MOST_SHARED = 24;

const LOOKS: Record<Action, [Tone, IconName]> = {
  create: ['good', 'plus'],
  update: ['busy', 'edit'],
  replace: ['warn', 'drift'],
  run: ['busy', 'rocket'],
  destroy: ['bad', 'trash'],
  unmanage: ['mute', 'question'],
  nothing: ['mute', 'check'],
};

const WITHOUT_FIELDS: Partial<Record<Action, string>> = {
  destroy: 'Removed from the stackfile and deleted from ECS.',
  unmanage: 'Stop managing — keeps running in ECS.',
};

/** What is done to each service; those without a change are counted, not listed. */
export function PlannedServices({
  services,
  running = false,
  open = 4,
  labels,
}: {
  services: readonly PlannedService[];
  running?: boolean;
  open?: number;
  labels?: [string, string];
}) {
  const changed = services.filter((s) => s.action !== 'nothing');
  const same = services.length - changed.length;
  return (
    <div class="panel">
      {changed.map((service, i) => {
        const [tone, icon] = LOOKS[service.action];
        return (
          <details key={service.name} class="planned" open={i < open && service.fields.length < 16}>
            <summary>
              <Icon name="right" />
              <Badge tone={tone} icon={icon}>
                {VERBS[service.action]}
              </Badge>
              <strong class="cut">{service.name || 'Settings for all services'}</strong>
              <span class="mute small">{service.fields.length > 0 && plural(service.fields.length, 'field')}</span>
            </summary>
            {service.fields.length ? (
              <Fields fields={service.fields} running={running} {...(labels ? { labels } : {})} />
            ) : (
              <p class="hint" style={{ padding: '10px 16px' }}>
                {WITHOUT_FIELDS[service.action] ?? 'No field differs.'}
              </p>
            )}
          </details>
        );
      })}
      {same > 0 && (
        <p class="hint" style={{ padding: '10px 16px', borderTop: changed.length ? '1px solid var(--line)' : '0' }}>
          {plural(same, 'service')} unchanged
        </p>
      )}
    </div>
  );
}

const SIGNS = { same: ' ', added: '+', removed: '−' } as const;

/** A unified text diff; gaps state how many lines they leave out. */
export function TextDiff({ before, after, label }: { before: string; after: string; label: string }) {
  const pieces = useMemo(() => withGaps(diffLines(before, after)), [before, after]);
  if (before === after)
    return (
      <p class="hint" style={{ padding: '16px' }}>
        The texts are the same.
      </p>
    );
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls sideways, also by keyboard
    <div class="difflines" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead class="visually-hidden">
          <tr>
            <th>Before</th>
            <th>After</th>
            <th>Change</th>
            <th>Line</th>
          </tr>
        </thead>
        <tbody>
          {pieces.flatMap((piece, p) =>
            piece.kind === 'gap'
              ? [
                  <tr key={`gap${p}`} data-kind="gap">
                    <td colSpan={4}>{plural(piece.count, 'line')} unchanged</td>
                  </tr>,
                ]
              : piece.lines.map((line) => (
                  <tr key={`${line.before}:${line.after}`} data-kind={line.kind}>
                    <td class="at">{line.before}</td>
                    <td class="at">{line.after}</td>
                    <td class="sign">
                      <span aria-hidden="true">{SIGNS[line.kind]}</span>
                      <span class="visually-hidden">{line.kind === 'same' ? '' : line.kind}</span>
                    </td>
                    <td>{line.text}</td>
                  </tr>
                )),
          )}
        </tbody>
      </table>
    </div>
  );
}
