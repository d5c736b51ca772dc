"""Chat lines for events of the live channel: one when a rollout starts, one when it ends, and few others.

In Slack's `mrkdwn`: https://docs.slack.dev/messaging/formatting-message-text
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NotRequired
from urllib.parse import quote

from stack.chat.known_services import Known, new_drift, note_known
from stack.chat.pause_text import pause_text
from stack.runtime.masking import is_concealed, masked, masked_text

Json = Mapping[str, Any]

ICONS = {
    'succeeded': ':white_check_mark:',
    'scaled-to-zero': ':zzz:',
    'removed': ':wastebasket:',
    'superseded': ':fast_forward:',
    'rolled-back': ':rewind:',
    'aborted': ':x:',
    'stalled': ':hourglass:',
}
ENDED = {
    'succeeded': 'is rolled out',
    'scaled-to-zero': 'is scaled to zero',
    'removed': 'is gone from ECS',
    'superseded': 'was superseded',
    'rolled-back': 'was rolled back',
    'aborted': 'was aborted',
    'stalled': 'has stalled',
}
FAILED = ('rolled-back', 'aborted', 'stalled')

PROPOSALS = ('proposal', 'approved', 'rejected')

# Of that many rollouts of a cluster it is remembered that their end was posted, and who wanted them.
MOST_REMEMBERED = 100
# Texts of users are cut after so many characters.
LONGEST_TEXT = 300


class PostedCluster(Known):
    """The lines posted about a cluster so far, as plain data.

    `ended` has a revision and an ending each, `why` the author and reason of a revision.
    """

    ended: list[str]
    frozen: dict[str, Any] | None
    why: dict[str, str]
    # Secrets that changed, each as `SERVICE NAME TIME`.
    stale: NotRequired[list[str]]
    # Pauses, by the ids of their hooks.
    paused: NotRequired[list[str]]
    # Proposals, by id, each with the `serial` of what was posted last.
    proposals: NotRequired[dict[str, int]]


class ChatLines:
    """Turns events into lines. `posted` is the record of each cluster, for a process that continues later.

    `site` is the address of the control plane, to which the lines link.
    """

    def __init__(self, site: str | None = None, posted: dict[str, PostedCluster] | None = None):
        self.posted = posted or {}
        self._site = site
        # The clusters of the first synchronization are no news, unless an earlier process has posted some.
        self._began = bool(posted)

    def of(self, event: Json) -> list[str]:
        """The lines for an event, mostly none."""
        name, kind = event.get('cluster', ''), event['type']
        if kind == 'synced':
            self._began = True
        elif kind == 'desired':
            return self._desired(name, event)
        elif kind == 'rollout':
            return self._state(name, event)
        elif kind == 'cluster':
            return self._cluster(name, event)
        elif kind == 'deleted':
            self.posted.pop(name, None)
            return [f':wastebasket: *{escape(name)}* is no longer managed{_by(event)}{_because(event.get("reason"))}']
        elif kind == 'run':
            return self._run(name, event['service'], event['run'])
        elif kind in PROPOSALS and self._is_new(name, event):
            return self._proposal(name, kind, event)
        elif kind in ('frozen', 'thawed'):
            return self._frozen(name, event if kind == 'frozen' else None, event.get('by'))
        return []

    def _of(self, name: str) -> PostedCluster:
        return self.posted.setdefault(name, {'ended': [], 'drifted': [], 'frozen': None, 'why': {}, 'looked': False})

    def _where(self, name: str) -> str:
        shown = escape(name)
        return f'*<{self._site}/cp/clusters/{quote(name, safe="")}/rollout|{shown}>*' if self._site else f'*{shown}*'

    def _desired(self, name: str, event: Json) -> list[str]:
        if event.get('unreadable'):
            return [f':warning: {self._where(name)}: {escape(event["unreadable"])}{_by(event)}']
        if event['summary'] == 'can be read again':
            return [f':white_check_mark: {self._where(name)} can be read again{_by(event)}']
        services = [row for row in event['changes'] if row['service']]
        if not services:
            return []
        who = _person(event)
        verbs = {did.get('verb') for did in event.get('did', ())}
        back = 'stops the rollout and rolls back' if 'stop' in verbs else 'rolls back' if 'rollback' in verbs else ''
        verb = back or ('rolls out' if event.get('deploys') else 'stores without deploying')
        what = escape(event['summary'])
        if all(row['action'] == 'update' and _is_restart(row) for row in services):
            verb, what = 'restarts', escape(_listed([row['service'] for row in services]))
        why = self._of(name)['why']
        why[event['revision']] = f'{who}: {what}{_because(event.get("message"))}'
        while len(why) > MOST_REMEMBERED:
            del why[next(iter(why))]
        return [f':rocket: {self._where(name)}: {who} {verb} {what}{_because(event.get("message"))}{_also(event)}']

    def _cluster(self, name: str, event: Json) -> list[str]:
        """Lines for a complete state: the cluster's first event, or one in place of missed events."""
        if name in self.posted:
            return self._state(name, event)
        posted = self._of(name)
        posted['frozen'] = _freeze(event.get('frozen'))
        self._state(name, event)
        if not self._began:
            return []
        posted['why'][event['revision']] = f'{_person(event)}{_because(event.get("message"))}'
        services = escape(_listed([row['name'] for row in event['services'] if row.get('managed', True)]))
        return [f':seedling: {self._where(name)} is now managed{_by(event)}: {services or "no services"}']

    def _state(self, name: str, event: Json) -> list[str]:
        posted = self._of(name)
        unseen = note_known(posted, event)
        lines = [*self._again(name, event), *self._endings(name, event, unseen), *self._drift(name, event, unseen)]
        lines += [*self._stale(name, event), *self._paused(name, event)]
        posted['looked'] = posted['looked'] or bool(event.get('observed_at'))
        return lines + (self._frozen(name, event['frozen']) if 'frozen' in event else [])

    def _again(self, name: str, event: Json) -> Iterable[str]:
        """Lines for failed rollouts that are retried."""
        ended = self._of(name)['ended']
        for rollout in event.get('rollouts', ()) if event.get('observed_at') else ():
            failures = [f'{rollout["revision"]} {ending}' for ending in FAILED]
            if rollout['verdict'] is None and any(each in ended for each in failures):
                ended[:] = [each for each in ended if each not in failures]
                yield f':rocket: {self._where(name)}: {escape(_listed(rollout["services"]))} is retried'

    def _endings(self, name: str, event: Json, unseen: Collection[str]) -> list[str]:
        ended = [each for each in event.get('rollouts', ()) if each['verdict'] and each['services']]
        return [self._ending(name, each, event) for each in ended if self._is_news(name, each, unseen)]

    def _is_news(self, name: str, rollout: Json, unseen: Collection[str]) -> bool:
        """Whether that ending is not posted yet, and came after it was known first what the services run.

        Another ending of the same rollout (stalled, and then succeeded) is news too.
        """
        posted, key = self._of(name), f'{rollout["revision"]} {rollout["verdict"]["ending"]}'
        if key in posted['ended']:
            return False
        posted['ended'] = [*posted['ended'], key][-MOST_REMEMBERED:]
        # The first look at ECS finds what ended long ago.
        was_seen = posted['looked'] and not set(rollout['services']) <= set(unseen)
        return was_seen or rollout['revision'] in posted['why']

    def _ending(self, name: str, rollout: Json, event: Json) -> str:
        verdict = rollout['verdict']
        ending = verdict['ending']
        took = f' after {duration(rollout["seconds"])}' if rollout.get('seconds') is not None else ''
        line = f'{ICONS[ending]} {self._where(name)}: {escape(_listed(rollout["services"]))} {ENDED[ending]}{took}'
        if ending not in ('succeeded', 'scaled-to-zero', 'removed') or verdict['failed']:
            line += f': {escape(verdict["reason"])}'
        if verdict['failed']:
            line += ''.join(f' {escape(each["what"])} {escape(each["advice"])}' for each in _troubles(rollout, event))
        if ending == 'rolled-back':
            line += _runs(rollout, event)
        why = self._of(name)['why'].get(rollout['revision'])
        return f'{line} ({why})' if why else line

    def _drift(self, name: str, event: Json, unseen: Collection[str]) -> list[str]:
        new = new_drift(self._of(name), event, unseen)
        rows = {each: {} for each in new} | {row['name']: row for row in event.get('services', ())}
        # The line on a rollback states what runs instead.
        meant = [each for each in new if (rows[each].get('verdict') or {}).get('ending') != 'rolled-back']
        return [f':warning: {self._where(name)}: {_drifted(each, rows[each])}' for each in meant]

    def _run(self, name: str, service: str, run: Json) -> list[str]:
        """Lines for a run on request, and for each run that failed."""
        where, what = self._where(name), escape(service)
        if run['trigger'] == 'request' and run['state'] == 'starting':
            return [f':arrow_forward: {where}: {_person(run)} runs {what}{_because(run["message"])}']
        if run['state'] not in ('failed', 'refused', 'missed'):
            return []
        why = (run['reason'] or {}).get('what', '')
        return [f':x: {where}: a run of {what} {"was missed" if run["state"] == "missed" else "failed"}: {escape(why)}']

    def _is_new(self, name: str, event: Json) -> bool:
        """Whether a state of a proposal was not posted yet: those of a few minutes come again after a reconnect."""
        if 'serial' not in event:  # of an older server, which repeats none
            return True
        serial, known = event['serial'], self._of(name).setdefault('proposals', {})
        if known.get(event['id'], -1) >= serial:
            return False
        known[event['id']] = serial
        while len(known) > MOST_REMEMBERED:
            del known[next(iter(known))]
        return True

    def _proposal(self, name: str, kind: str, event: Json) -> list[str]:
        """A line for each decision on a proposal; `desired` has the one for what is carried out."""
        where, what = self._where(name), f'{_person(event)}: {escape(event["summary"])}'
        decider = escape(event.get('decided_by') or 'another program')
        if kind == 'rejected':
            return [f':no_entry_sign: {where}: {decider} rejects the proposal of {what}']
        if kind == 'approved' and event['state'] in ('open', 'approved'):
            count = f'{event["approvals"]} of {event["required"]}'
            return [f':ballot_box_with_check: {where}: {decider} approves the proposal of {what} ({count})']
        if kind == 'proposal' and event['state'] == 'open':
            number = 'an approval' if event['required'] == 1 else f'{event["required"]} approvals'
            because = ', as something has moved' if event['renewals'] else _because(event.get('reason'))
            return [f':raised_hand: {where}: the proposal of {what} waits for {number}{because}']
        return []

    def _paused(self, name: str, event: Json) -> Iterable[str]:
        """A line for each pause of a rollout that was not posted yet."""
        for row in event.get('services', ()):
            waiting, known = row.get('waiting'), self._of(name).get('paused', [])
            if waiting and waiting['hook'] not in known:
                self._of(name)['paused'] = [*known, waiting['hook']][-MOST_REMEMBERED:]
                yield f':double_vertical_bar: {self._where(name)}: {escape(pause_text(row["name"], waiting))}'

    def _stale(self, name: str, event: Json) -> list[str]:
        """A line for each service with a secret that changed and was not posted yet."""
        posted = self._of(name)
        known, lines = posted.setdefault('stale', []), []
        for row in event.get('services', ()):
            secrets = row.get('stale_secrets') or ()
            new = [each for each in secrets if f'{row["name"]} {each["name"]} {each["since"]}' not in known]
            known += [f'{row["name"]} {each["name"]} {each["since"]}' for each in new]
            if new:
                changed = escape(_listed([each['name'] for each in new]))
                service = escape(row['name'])
                lines.append(f':key: {self._where(name)}: {service} runs with stale secrets: {changed} changed')
        del known[:-MOST_REMEMBERED]
        return lines

    def _frozen(self, name: str, freeze: Json | None, thawed_by: str | None = None) -> list[str]:
        posted, now = self._of(name), _freeze(freeze)
        if posted['frozen'] == now:
            return []
        posted['frozen'] = now
        if now is None:
            return [f':sunny: {self._where(name)} is no longer frozen{_by({"by": thawed_by})}']
        until = f' until {escape(now["until"])}' if now['until'] else ''
        return [f':snowflake: {self._where(name)} is frozen{until}{_by(now)}{_because(now["reason"])}']


def escape(text: str) -> str:
    """A user's text in one line, with its secrets masked, and nothing that Slack reads as a link or a mention."""
    line = masked_text(' '.join(text.split()))
    if len(line) > LONGEST_TEXT:
        line = f'{line[:LONGEST_TEXT]}…'
    return line.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def duration(seconds: float) -> str:
    """As `2 min 5 s`, or `1 h 3 min`."""
    whole = round(seconds)
    if whole < 60:
        return f'{whole} s'
    if whole < 3600:
        return f'{whole // 60} min {whole % 60} s'
    return f'{whole // 3600} h {whole % 3600 // 60} min'


def _also(event: Json) -> str:
    """What a change does beyond its own content, as ` · also: web loses containers.agent, and 2 more`."""
    effects = event.get('also', ())
    more = len(effects) - 1 + event.get('also_more', 0)
    if not effects:
        return ''
    effect = effects[0]
    field = f'{effect["service"]} {effect["path"]}'
    text = {'lost': f'{effect["service"]} loses {effect["path"]}', 'changed': f'{field} changes'}
    first = text.get(effect['effect'], f'{effect["service"]} is {effect["effect"]}')
    return f' · also: {escape(first)}' + (f', and {more} more' if more else '')


def _because(reason: str | None) -> str:
    return f' — {escape(reason)}' if reason else ''


def _by(event: Json) -> str:
    return f' (by {escape(event["by"])})' if event.get('by') else ''


def _person(event: Json) -> str:
    return escape(event.get('by') or 'another program')


def _freeze(given: Json | None) -> dict[str, Any] | None:
    return {key: given.get(key) for key in ('by', 'reason', 'until')} if given else None


def _listed(names: list[str]) -> str:
    return ', '.join(names) if len(names) <= 3 else f'{", ".join(names[:3])} and {len(names) - 3} more'


def _is_restart(row: Json) -> bool:
    return [change['path'] for change in row['changes']] == ['restarted_at']


def _troubles(rollout: Json, event: Json) -> Iterable[Json]:
    found = [row['trouble'] for row in event.get('services', ()) if row['name'] in rollout['services']]
    return [each for each in found if each][:1]


def _runs(rollout: Json, event: Json) -> str:
    """What runs again, where it is one service that was rolled back."""
    rows = [row for row in event.get('services', ()) if row['name'] in rollout['services']]
    image = (rows[0].get('deployed') or {}).get('image') if len(rows) == 1 else None
    return f' {escape(image)} runs again.' if image else ''


def _drifted(service: str, row: Json) -> str:
    changes = row.get('drift', ())
    shown = ', '.join(_difference(each) for each in changes[:3]) or 'it differs from its desired state'
    return f'{escape(service)} has drifted: {escape(shown)}'


def _difference(change: Json) -> str:
    if change.get('concealed') or is_concealed(change['path']):
        return str(change['path'])
    shown = masked(change)
    return f'{shown["path"]} is {shown["before"]}, not {shown["after"]}'
