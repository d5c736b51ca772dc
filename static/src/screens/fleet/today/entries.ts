/** What happened on a day: the newest page of the activity, and the older pages that a busy day needs. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { useRead } from '../../../app/read';
import { type Happening, readActivity, together } from '../../../lib/activity';
import type { Json } from '../../../lib/model';
import { call } from '../../../lib/rest';
import { missing } from '../../../lib/today';

const LIMIT = 200;

/** The entries since a time, the newest first, with those of the newest page that are older. */
export function useEntries(activity: Json, since: number): readonly Happening[] {
  const newest = useMemo(() => readActivity(activity), [activity]);
  const [known, setKnown] = useState<readonly Happening[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const older = useRead<Json>(cursor && `today ${since} ${cursor}`, (signal) =>
    call('/activity', { signal, query: { limit: LIMIT, since: new Date(since).toISOString(), after: cursor } }),
  );
  useEffect(() => {
    const behind = missing(newest, known, since);
    if (behind) setCursor(behind);
    // What newer entries push off the newest page is kept.
    setKnown((entries) => together(newest.happenings, entries).filter(({ at }) => at >= since));
  }, [newest, since]);
  useEffect(() => {
    if (!older.data) return;
    const page = readActivity(older.data);
    setKnown((entries) => together(entries, page.happenings));
    setCursor(page.next);
  }, [older.data]);
  return useMemo(() => together(newest.happenings, known), [newest, known]);
}
