/** Every small part of the page in all its states, from made-up data: `/cp/parts`, in the sandbox only. */

import '../../styles/parts-page.css';
import '../../styles/telemetry.css';
import { useState } from 'preact/hooks';
import { now } from '../../app/state';
import { Accounts } from './accounts';
import { Controls } from './controls';
import { FlagsAndBadges, Squares, TicksAndClocks } from './marks-and-badges';
import { Bars, EmptyStates, NoticeCards, Plans, Rollouts } from './messages';
import { Proposals, Staged } from './staged';
import { Charts, LogLines } from './telemetry';
import { Rows, Tiles } from './tiles-and-rows';

export function Parts() {
  const [at] = useState(() => now.peek());
  return (
    <div class="partspage">
      <h1>Parts</h1>
      <Squares at={at} />
      <TicksAndClocks at={at} />
      <FlagsAndBadges at={at} />
      <Tiles at={at} />
      <Rows at={at} />
      <Accounts at={at} />
      <Rollouts at={at} />
      <Staged at={at} />
      <Proposals at={at} />
      <Charts at={at} />
      <LogLines at={at} />
      <Controls />
      <Bars />
      <NoticeCards />
      <Plans />
      <EmptyStates />
    </div>
  );
}
