import { useMemo, useState } from 'preact/hooks';
import { plural } from '../lib/changes';
import { type Hunk, merge, type Merged, settled } from '../lib/textdiff';
import { Badge, type Tone } from '../ui/badge';
import { Dialog } from '../ui/dialog';
import { DialogButtons } from '../ui/dialog-buttons';
import { TextDiff } from '../ui/fields';

type Choice = 'mine' | 'theirs' | 'both';
interface Place {
  hunk: Hunk;
  above: string[];
  below: string[];
}

/** Both versions side by side, conflict by conflict; edits of one side alone merge unless the user chooses otherwise. */
export function MergeDialog({
  base,
  mine,
  theirs,
  by,
  onClose,
  onMerged,
}: {
  base: string;
  mine: string;
  theirs: string;
  by: string | null;
  onClose: () => void;
  onMerged: (text: string) => void;
}) {
  const parts = useMemo(() => merge(base, mine, theirs), [base, mine, theirs]);
  const places = useMemo(() => placesOf(parts), [parts]);
  const [choices, setChoices] = useState<Record<number, Choice>>({});
  const chosen = (hunk: Hunk, i: number): Choice | null => choices[i] ?? (hunk.by === 'both' ? null : hunk.by);
  const conflicts = places.filter((p) => p.hunk.by === 'both').length;
  const open = places.filter((p, i) => !chosen(p.hunk, i)).length;
  const merged = settled(parts, (hunk, i) => linesOf(hunk, chosen(hunk, i) ?? 'mine'));
  const why = open ? `${plural(open, 'conflict')} left` : null;
  const them = by ?? 'another program';
  return (
    <Dialog
      title="Merge two versions"
      wide
      onClose={onClose}
      onSubmit={() => !why && onMerged(merged)}
      footer={
        <DialogButtons why={why} note={why ?? 'It stays a draft until you apply it'} cancel="Later" onCancel={onClose}>
          Merge
        </DialogButtons>
      }
    >
      <p class="soft">
        {conflicts
          ? `${plural(conflicts, 'conflict')}. Non-conflicting edits merge automatically.`
          : `No conflicts: you and ${them} changed different lines.`}
      </p>
      {places.map((place, i) => (
        <Choose
          key={i}
          place={place}
          them={them}
          choice={chosen(place.hunk, i)}
          choose={(choice) => setChoices({ ...choices, [i]: choice })}
          name={`hunk-${i}`}
        />
      ))}
      {!open && (
        <details class="panel planned" open>
          <summary>
            <strong>What your draft will change</strong>
          </summary>
          <TextDiff before={theirs} after={merged} label="What the draft will change" />
        </details>
      )}
    </Dialog>
  );
}

function Choose({
  place: { hunk, above, below },
  them,
  choice,
  choose,
  name,
}: {
  place: Place;
  them: string;
  choice: Choice | null;
  choose: (choice: Choice) => void;
  name: string;
}) {
  const [tone, label]: [Tone, string] = {
    mine: ['busy', 'Only you changed this'],
    theirs: ['mute', `Only ${them} changed this`],
    both: ['warn', 'Both changed this'],
  }[hunk.by] as [Tone, string];
  const side = (which: 'mine' | 'theirs', title: string) => (
    <label data-chosen={choice === which || choice === 'both'}>
      <span class="row small">
        <input type="radio" name={name} checked={choice === which} onChange={() => choose(which)} /> {title}
      </span>
      <pre>
        <Context lines={above} />
        <ins>{hunk[which].join('\n') || '(nothing)'}</ins>
        <Context lines={below} />
      </pre>
    </label>
  );
  return (
    <fieldset class="hunk">
      <legend>
        <Badge tone={tone} icon={hunk.by === 'both' ? 'alert' : 'edit'}>
          {label}
        </Badge>
      </legend>
      <div class="sidebyside">
        {side('mine', 'My draft')}
        {side('theirs', `${them}'s version`)}
      </div>
      {hunk.by === 'both' && (
        <label class="row small">
          <input type="radio" name={name} checked={choice === 'both'} onChange={() => choose('both')} /> Both, one after
          the other
        </label>
      )}
    </fieldset>
  );
}

function Context({ lines }: { lines: readonly string[] }) {
  return (
    <>
      {lines.map((line, i) => (
        <span key={i} class="mute">
          {line}
        </span>
      ))}
    </>
  );
}

/** Every hunk, with the lines around it for context. */
function placesOf(parts: readonly Merged[]): Place[] {
  return parts.flatMap((part, i) => {
    if (part.kind === 'same') return [];
    const [before, after] = [parts[i - 1], parts[i + 1]];
    return [
      {
        hunk: part,
        above: before?.kind === 'same' ? before.lines.slice(-2) : [],
        below: after?.kind === 'same' ? after.lines.slice(0, 1) : [],
      },
    ];
  });
}

function linesOf(hunk: Hunk, choice: Choice): string[] {
  return choice === 'both' ? [...hunk.theirs, ...hunk.mine] : hunk[choice];
}
