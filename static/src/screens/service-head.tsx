import { adjust } from '../app/state';
import { Icon } from '../ui/icons';
import { LoadHeads } from './load';
import type { TableState } from './table-state';

const COLUMNS: { key: string; label: string; class?: string }[] = [
  { key: 'name', label: 'Service' },
  { key: 'tasks', label: 'Tasks' },
  { key: 'version', label: 'Version', class: 'middle' },
  { key: 'status', label: 'Last change', class: 'wide' },
];

export function Head({ cluster, sort, table }: { cluster: string; sort: string; table: TableState }) {
  const names = table.visible.value;
  const all = names.size > 0 && [...names].every((name) => table.selection.value.has(name));
  return (
    <div class="thead" role="rowgroup">
      <div class="tr" role="row">
        <span class="th" role="columnheader">
          <input
            type="checkbox"
            aria-label="Select all shown"
            checked={all}
            onChange={() => (table.selection.value = new Set(all ? [] : names))}
          />
        </span>
        {COLUMNS.map((c) => (
          <SortHead key={c.key} column={c} sort={sort} />
        ))}
        <LoadHeads cluster={cluster} table={table} />
      </div>
    </div>
  );
}

function SortHead({ column, sort }: { column: (typeof COLUMNS)[number]; sort: string }) {
  const active = (sort.replace(/^-/, '') || 'name') === column.key;
  const descending = active && sort.startsWith('-');
  const next = active && !descending ? `-${column.key}` : column.key === 'name' ? '' : column.key;
  return (
    <span
      class={`th ${column.class ?? ''}`}
      role="columnheader"
      aria-sort={active ? (descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" onClick={() => adjust({ sort: next })}>
        {column.label}
        {active && <Icon name={descending ? 'down' : 'up'} />}
      </button>
    </span>
  );
}
