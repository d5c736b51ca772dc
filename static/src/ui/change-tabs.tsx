import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export type ChangeView = 'fields' | 'text';

const LABELS: Record<ChangeView, string> = { fields: 'By service', text: 'As text' };
const VIEWS: readonly ChangeView[] = ['fields', 'text'];

interface Props {
  view: ChangeView;
  onChange: (view: ChangeView) => void;
  children: ComponentChildren;
}

/** Tabs over the changes of a stackfile, and the panel of the one that is chosen: by service, or as text. */
export function ChangeTabs({ view, onChange, children }: Props) {
  const id = useId();
  return (
    <>
      <div class="tabs" role="tablist" aria-label="How to show the changes">
        {VIEWS.map((key) => (
          <button
            key={key}
            type="button"
            role="tab"
            aria-selected={view === key}
            aria-controls={id}
            onClick={() => onChange(key)}
          >
            {LABELS[key]}
          </button>
        ))}
      </div>
      <div id={id} role="tabpanel" aria-label={LABELS[view]} class="stack">
        {children}
      </div>
    </>
  );
}
