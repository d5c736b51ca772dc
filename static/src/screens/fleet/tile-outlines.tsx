import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { afterFrame, whenIdle } from '../../app/frames';
import { go } from '../../app/state';
import { Filling, type Run } from '../../lib/filling';
import { clusterRoute, format } from '../../lib/router';
import { plainClick } from '../../ui/button';
import type { Hiding } from '../hiding';
import { Nearing } from '../nearing';
import { copied, type Outlined, part } from '../outline-list';
import { useOutlineList, useRuns } from '../outlines';

/** So few that filling them never makes a stroke or a frame wait. */
const FILLED_AT_ONCE = 10;

/** Which tiles of a wall are complete; the others are their names alone, as `outlined` draws them. */
export interface TileFilling {
  filling: Filling;
  outlined: Outlined;
}

/** A tile with its name alone. */
function outline(): HTMLElement {
  return part('article', 'tile', null, part('div', 'top', null, part('h2', '', null, part('a', '', null))));
}

/** `how` the tiles are drawn: drawn otherwise, none of them is complete. */
export function useTileFilling(hiding: Hiding, how: unknown): TileFilling {
  return useMemo(() => {
    const filling = new Filling(FILLED_AT_ONCE, { idle: whenIdle, soon: afterFrame });
    const nearing = new Nearing((names) => filling.hurry(names));
    const template = outline();
    const outlined: Outlined = {
      draw: (name) => copied(template, name, format(clusterRoute(name))),
      join(name, tile) {
        const leave = [hiding.add(name, tile), nearing.add(name, tile)];
        return () => leave.forEach((each) => each());
      },
    };
    return { filling, outlined };
  }, [hiding, how]);
}

/** Tiles that are not complete yet. */
function Outlines({ names, outlined }: { names: readonly string[]; outlined: Outlined }) {
  const element = useOutlineList(names, outlined);
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- it follows the links, which the keyboard follows as well
    <div ref={element} class="outlines" onClick={follow} />
  );
}

function follow(event: MouseEvent): void {
  const link = (event.target as HTMLElement).closest('a');
  if (link && plainClick(event)) go(link.getAttribute('href')!);
}

/** The element of a run of tiles that are not complete. */
export function useTileOutlines({ outlined }: TileFilling): (run: Run) => VNode {
  return useRuns(({ key, names }) => <Outlines key={key} names={names} outlined={outlined} />, outlined);
}
