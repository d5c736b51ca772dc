import { useMemo, useState } from 'preact/hooks';
import { plural } from '../lib/changes';
import { type Conflict, merge, settled } from '../lib/textdiff';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { TextDiff } from '../ui/fields';

type Choice = 'mine' | 'theirs' | 'both';

/** Both versions, and one that holds what both changed; where they changed the same lines, a person chooses. */
export function MergeDialog({ base, mine, theirs, by, onClose, onMerged }: { base: string; mine: string; theirs: string; by: string | null; onClose: () => void; onMerged: (text: string) => void }) {
  const parts = useMemo(() => merge(base, mine, theirs), [base, mine, theirs]);
  const conflicts = parts.filter((p) => p.kind === 'conflict');
  const [choices, setChoices] = useState<Record<number, Choice>>({});
  const open = conflicts.length - Object.keys(choices).length;
  const merged = settled(parts, (conflict, i) => linesOf(conflict, choices[i] ?? 'mine'));
  const why = open ? `${plural(open, 'place')} still to decide` : null;
  const them = by ?? 'the other program';
  return (
    <Dialog
      title="Merge two versions"
      wide
      onClose={onClose}
      onSubmit={() => !why && onMerged(merged)}
      footer={<><span class="small mute">{why}</span><div class="row"><Button onClick={onClose}>Not now</Button><Button type="submit" kind="primary" why={why}>Take into my draft</Button></div></>}
    >
      <p class="soft">{conflicts.length ? `What only one of you changed is merged. ${plural(conflicts.length, 'place')} both changed: choose.` : `You and ${them} changed different lines: nothing is in conflict.`}</p>
      {conflicts.map((part, i) => (
        <fieldset key={i} class="stack panel" style={{ padding: '16px', margin: '0' }}>
          <legend class="label">Both changed this ({i + 1} of {conflicts.length})</legend>
          <div class="sidebyside">
            <div><span class="label">Mine</span><pre>{part.mine.join('\n') || '(removed)'}</pre></div>
            <div><span class="label">Of {them}</span><pre>{part.theirs.join('\n') || '(removed)'}</pre></div>
          </div>
          <div class="row">
            {(['mine', 'theirs', 'both'] as const).map((c) => (
              <label key={c} class="row small"><input type="radio" name={`conflict-${i}`} checked={choices[i] === c} onChange={() => setChoices({ ...choices, [i]: c })} /> {{ mine: 'Mine', theirs: `That of ${them}`, both: 'Both, one after the other' }[c]}</label>
            ))}
          </div>
        </fieldset>
      ))}
      <details class="panel planned">
        <summary><strong>What {them} changed</strong></summary>
        <TextDiff before={base} after={theirs} label={`What ${them} changed`} />
      </details>
      <details class="panel planned">
        <summary><strong>What I changed</strong></summary>
        <TextDiff before={base} after={mine} label="What I changed" />
      </details>
      {!open && (
        <details class="panel planned" open>
          <summary><strong>What will be new, beside what is stored</strong></summary>
          <TextDiff before={theirs} after={merged} label="Merged" />
        </details>
      )}
    </Dialog>
  );
}

function linesOf(conflict: Conflict, choice: Choice): string[] {
  if (choice === 'theirs') return conflict.theirs;
  return choice === 'both' ? [...conflict.theirs, ...conflict.mine] : conflict.mine;
}
