import { plural } from '../lib/changes';
import type { Problem } from '../editor/code-editor';
import { Icon } from './icons';

/** The server's errors and warnings; each leads to its line. */
export function Problems({
  problems,
  onGo,
}: {
  problems: readonly Problem[] | null;
  onGo: (problem: Problem) => void;
}) {
  const mistakes = problems?.filter((p) => p.severity === 'error').length ?? 0;
  const warnings = (problems?.length ?? 0) - mistakes;
  return (
    <section class="panel" aria-label="Problems">
      <header>
        <h2>Problems</h2>
        <span class="small mute" role="status">
          {problems === null
            ? 'Checking…'
            : [mistakes ? plural(mistakes, 'error') : '', warnings ? plural(warnings, 'warning') : '']
                .filter(Boolean)
                .join(', ') || 'None'}
        </span>
      </header>
      {problems?.length ? (
        <ul class="problems">
          {problems.map((p, i) => (
            <li key={i}>
              <button
                type="button"
                class="problem"
                data-tone={p.severity === 'error' ? 'bad' : 'warn'}
                onClick={() => onGo(p)}
              >
                <Icon name={p.severity === 'error' ? 'circle-cross' : 'alert'} />
                <span>
                  <span class="visually-hidden">{p.severity === 'error' ? 'Error: ' : 'Warning: '}</span>
                  {p.message}
                </span>
                <span class="where">{[p.line ? `line ${p.line}` : '', p.path].filter(Boolean).join(' · ')}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="hint" style={{ padding: '16px' }}>
          {problems === null ? 'Checking…' : 'No problems'}
        </p>
      )}
    </section>
  );
}
