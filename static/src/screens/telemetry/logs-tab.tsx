import { Component } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useRead } from '../../app/read';
import { connection } from '../../app/state';
import { followLog } from '../../app/tail';
import { plural } from '../../lib/changes';
import { inBlocks, joined, type Level, type Line, plainText, readLine, readLogPage } from '../../lib/logs';
import type { Json, Service } from '../../lib/model';
import { sameList } from '../../lib/stable';
import { call, path } from '../../lib/rest';
import { exact } from '../../lib/time';
import { Button } from '../../ui/button';
import { Empty, Failed, Skeleton } from '../../ui/states';

const PAGE = 300;
const LEVELS: [Level, string, string][] = [
  ['error', 'E', 'Errors'],
  ['warning', 'W', 'Warnings'],
  ['info', 'I', 'Other lines'],
];

/** The log of a service: its last lines, then live; filtered by text on the server, by level here. */
export function LogsTab({ service }: { service: Service }) {
  const { cluster, name } = service;
  const [typed, setTyped] = useState('');
  const [filter, setFilter] = useState('');
  const [hidden, setHidden] = useState<ReadonlySet<Level>>(new Set());
  const [following, setFollowing] = useState(true);
  const [wrap, setWrap] = useState(true);
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [ended, setEnded] = useState<string | null>(null);
  const key = `logs ${cluster} ${name} ${filter}`;
  const reading = useRead<Json>(key, (signal) =>
    call(path('clusters', cluster, 'services', name, 'logs'), { signal, query: { limit: PAGE, filter } }),
  );
  const page = reading.data && readLogPage(reading.data);
  useEffect(() => {
    if (reading.data) setLines(readLogPage(reading.data).lines);
  }, [reading.data]);
  const live = connection.value === 'live';
  // Lines that arrived before those of a new filter were read would be replaced by them.
  const ready = reading.of === key;
  useEffect(() => {
    if (!following || !live || !ready) return undefined;
    setEnded(null);
    return followLog({ cluster, service: name, filter }, (messages) => {
      const fresh = messages.filter((message) => message.type === 'log').map(readLine);
      if (fresh.length) setLines((known) => joined(known, fresh));
      const error = messages.find((message) => message.type === 'error');
      if (error) setEnded(String(error.message ?? 'The log can no longer be followed'));
    });
  }, [cluster, name, filter, following, live, ready]);
  const counts = (level: Level) => lines.filter((line) => line.level === level).length;
  // Numbered in their order, also while some are hidden.
  lines.forEach(numberOf);
  const shown = lines.filter((line) => !hidden.has(line.level));
  const turn = (level: Level) => setHidden((levels) => toggled(levels, level));
  if (reading.error) return <Failed error={reading.error} retry={reading.again} />;
  return (
    <div class="logview">
      <form
        class="row logtools"
        onSubmit={(event) => {
          event.preventDefault();
          setFilter(typed.trim());
        }}
      >
        <input
          class="input grow"
          type="search"
          aria-label="Filter log lines"
          placeholder="Filter: text, then Enter"
          value={typed}
          onInput={(e) => setTyped(e.currentTarget.value)}
        />
        <div class="chips" role="group" aria-label="Levels">
          {LEVELS.map(([level, letter, label]) => (
            <button
              key={level}
              type="button"
              class="chip"
              data-level={level}
              aria-pressed={!hidden.has(level)}
              onClick={() => turn(level)}
            >
              <span title={label}>{letter}</span>
              <span class="visually-hidden"> {label}</span> <span class="number">{counts(level)}</span>
            </button>
          ))}
        </div>
        <Button aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
          Wrap
        </Button>
        <Button
          icon="copy"
          label="Copy the lines"
          onClick={() => void navigator.clipboard?.writeText(plainText(shown))}
        />
        <Button
          icon="down"
          label="Download the lines"
          onClick={() => download(`${cluster}-${name}.log`, plainText(shown))}
        />
      </form>
      {!page && reading.slow && <Skeleton rows={8} />}
      {page && page.unreadable.length > 0 && (
        <p class="small mute">
          Not in CloudWatch: {page.unreadable.map(({ container, driver }) => `${container} (${driver})`).join(', ')}
        </p>
      )}
      {page && !shown.length && (
        <Empty icon="logs" title={filter ? 'No line matches' : 'No lines in the last hour'}>
          {hidden.size > 0 ? 'Some levels are hidden.' : 'New lines appear here as they are written.'}
        </Empty>
      )}
      {shown.length > 0 && (
        <Lines lines={shown} wrap={wrap} follow={following} onScrollUp={() => setFollowing(false)} />
      )}
      <p class="logfoot small">
        <span role="status">{ended ?? (following && live ? 'Following' : live ? 'Paused' : 'Offline')}</span>
        <span class="mute">{plural(shown.length, 'line')}</span>
        <Button icon={following ? 'pause' : 'right'} onClick={() => setFollowing(!following)}>
          {following ? 'Pause' : 'Follow'}
        </Button>
      </p>
    </div>
  );
}

function toggled(levels: ReadonlySet<Level>, level: Level): ReadonlySet<Level> {
  const next = new Set(levels);
  if (!next.delete(level)) next.add(level);
  return next;
}

interface LinesProps {
  lines: readonly Line[];
  wrap: boolean;
  follow: boolean;
  onScrollUp: () => void;
}

/** The lines, kept at their end while they are followed; scrolling up pauses. */
export function Lines({ lines, wrap, follow, onScrollUp }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!follow || !box.current || !content.current) return undefined;
    const scroller = box.current;
    // The height changes with lines, and also when blocks come into sight and when fonts have loaded.
    const observer = new ResizeObserver(() => scroller.scrollTo(0, scroller.scrollHeight));
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [follow]);
  return (
    <div
      ref={box}
      class="lines"
      role="log"
      aria-label="Log lines"
      aria-live="off"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, also by keyboard
      tabIndex={0}
      data-wrap={wrap}
      onWheel={(event) => event.deltaY < 0 && follow && onScrollUp()}
    >
      <div ref={content}>
        {inBlocks(lines, numberOf).map((block) => (
          <Block key={block.key} lines={block.lines} />
        ))}
      </div>
    </div>
  );
}

/** Some lines, looked at only where one of them came or went: most batches change the last block alone. */
class Block extends Component<{ lines: readonly Line[] }> {
  override shouldComponentUpdate({ lines }: { lines: readonly Line[] }): boolean {
    return !sameList(lines, this.props.lines);
  }

  override render() {
    return (
      <div class="block">
        {this.props.lines.map((line) => (
          <LineOfLog key={numberOf(line)} line={line} />
        ))}
      </div>
    );
  }
}

const numbers = new WeakMap<Line, number>();
let lastNumber = 0;

/** The same for the same line: it keeps its element while others leave at the top and come at the end. */
function numberOf(line: Line): number {
  const number = numbers.get(line) ?? ++lastNumber;
  numbers.set(line, number);
  return number;
}

/** Drawn once: a line never changes. */
class LineOfLog extends Component<{ line: Line }> {
  override shouldComponentUpdate(): boolean {
    return false;
  }

  override render() {
    const { at, task, container, text, level } = this.props.line;
    return (
      <div class="line" data-level={level}>
        <time title={at === null ? undefined : exact(at)}>{at === null ? '' : TIME.format(at)}</time>
        <span class="task" title={`${container} in task ${task}`}>
          {task.slice(0, 4)}
        </span>
        <bdi>{text}</bdi>
      </div>
    );
  }
}

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
