import { TextDiff } from './fields';

/** Two texts against each other. */
export function TextCompare({ before, after, label }: { before: string; after: string; label: string }) {
  return <div class="panel"><TextDiff before={before} after={after} label={label} /></div>;
}
