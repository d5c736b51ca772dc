import { report } from '../lib/rest';
import type { Tone } from '../ui/badge';
import { Button, Link } from '../ui/button';
import { Icon, type IconName } from '../ui/icons';
import { dismiss, type Notice, notices } from './state';

const ICONS: Record<Notice['tone'], IconName> = { good: 'circle-check', bad: 'circle-cross', warn: 'alert', busy: 'info' };

/** What happened; it stays until it is dismissed. Screen readers hear it once, when it comes. */
export function Notices() {
  return (
    <section class="notices" aria-label="Notices" aria-live="polite">
      {notices.value.map((notice) => (
        <div class="notice" key={notice.id} data-tone={notice.tone as Tone}>
          <Icon name={ICONS[notice.tone]} />
          <div class="what">
            <h2>{notice.title}</h2>
            {notice.text && <p class="small soft">{notice.text}</p>}
            {notice.error && <p class="small soft">{notice.error.message}{notice.error.requestId && <> · <code>{notice.error.requestId}</code></>}</p>}
            {(notice.link || notice.retry || notice.error) && (
              <div class="actions">
                {notice.link && <Link to={notice.link.to} class="small" onClickCapture={() => dismiss(notice.id)}>{notice.link.label}</Link>}
                {notice.retry && <Button onClick={() => { dismiss(notice.id); notice.retry?.(); }}>Retry</Button>}
                {notice.error && <Button icon="copy" onClick={() => void navigator.clipboard?.writeText(report(notice.error!))}>Copy</Button>}
              </div>
            )}
          </div>
          <Button kind="quiet" icon="cross" label="Dismiss" onClick={() => dismiss(notice.id)} />
        </div>
      ))}
    </section>
  );
}
