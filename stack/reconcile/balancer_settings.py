"""Settings of a service's own load balancer: further certificates, TLS policy, idle timeout.

The load balancer has the names of the settings that its stackfile stated in a tag. A setting without a name there,
which another program may have made, is left as it is; one that is stated no longer goes back to AWS's default.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Draft
from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.reconcile.plan import Change, ResultOf
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.stackfile.elb_fields import Elb

# AWS's defaults, and the attribute of a load balancer that the idle timeout is.
USUAL_POLICY = 'ELBSecurityPolicy-2016-08'
USUAL_IDLE_TIMEOUT_S = 60
IDLE_TIMEOUT = 'idle_timeout.timeout_seconds'

CERTIFICATES, POLICY, TIMEOUT = 'certificates', 'ssl_policy', 'idle_timeout'

Ref = str | ResultOf


@dataclass(frozen=True)
class BalancerSettings:
    """What a stackfile states of its own load balancer; `further` certificates are those after the default one."""

    further: tuple[str, ...] = ()
    ssl_policy: str | None = None
    idle_timeout: int | None = None

    @property
    def names(self) -> set[str]:
        """The names of the settings that are stated."""
        stated = {CERTIFICATES: self.further, POLICY: self.ssl_policy, TIMEOUT: self.idle_timeout}
        return {name for name, value in stated.items() if value}

    @classmethod
    def of(cls, elb: Elb) -> 'BalancerSettings':
        return cls(further_certificates(elb.certificates), elb.ssl_policy, elb.idle_timeout)

    def policy(self, there: LoadBalancer | None) -> str | None:
        """The TLS policy that the listener is to have; None where it is left as it is."""
        return self.ssl_policy or (USUAL_POLICY if POLICY in stated_before(there) else None)


def idle_timeout_s(balancer: LoadBalancer | None) -> int:
    """The idle timeout of a load balancer; None is one that is to be created, which gets AWS's default."""
    found = balancer.attributes.get(IDLE_TIMEOUT) if balancer else None
    return int(found or USUAL_IDLE_TIMEOUT_S)


def idle_timeout_arguments(balancer: PlannedBalancer, seconds: int) -> dict[str, Any]:
    """The arguments of ModifyLoadBalancerAttributes that set the idle timeout."""
    return {'LoadBalancerArn': balancer.arn, 'Attributes': names.tag_list({IDLE_TIMEOUT: str(seconds)})}


def certificate_list(arns: Iterable[str]) -> list[dict[str, str]]:
    """Certificates as calls for a listener have them."""
    return [{'CertificateArn': arn} for arn in arns]


def further_certificates(certificates: Sequence[str]) -> tuple[str, ...]:
    """The certificates after the default one, which is the first; each once, since a listener has none twice."""
    return tuple(arn for arn in dict.fromkeys(certificates) if arn != certificates[0])


def stated_before(there: LoadBalancer | None) -> set[str]:
    """The names of the settings that the stackfile stated when the load balancer was last changed."""
    return set(there.tags.get(names.SET_TAG, '').split()) if there else set()


def begin_settings(draft: Draft, wanted: BalancerSettings, balancer: PlannedBalancer) -> list[str]:
    """Add the tag with further names, and the idle timeout; the steps that the listener comes after."""
    there = balancer.there
    before = stated_before(there)
    marked = []
    if there and names.owner(there.tags) is not None and wanted.names - before:
        marked = [_tag(draft, 'added', there, before | wanted.names)]
    stated = TIMEOUT in wanted.names | before
    found = idle_timeout_s(there)
    after = wanted.idle_timeout or USUAL_IDLE_TIMEOUT_S
    if stated and found != after:
        draft.add(
            'load-balancer/attributes',
            'elbv2:ModifyLoadBalancerAttributes',
            f'Set the idle timeout of {balancer.name}',
            idle_timeout_arguments(balancer, after),
            after=marked,
            why=[Change('elb.idle_timeout', found, after)],
        )
    return marked


def add_certificates(
    draft: Draft, wanted: BalancerSettings, listener: Ref, there: Listener | None, after: Iterable[str] = ()
) -> list[str]:
    """Add further certificates that the listener lacks."""
    missing = [arn for arn in wanted.further if there is None or arn not in there.further]
    if not missing:
        return []
    made = draft.add(
        'listener/certificates',
        'elbv2:AddListenerCertificates',
        f'Add certificates to the listener of {draft.service}',
        {'ListenerArn': listener, 'Certificates': certificate_list(missing)},
        after=after,
        why=[Change('elb.certificates', None, missing)],
    )
    return [made]


def end_settings(
    draft: Draft, wanted: BalancerSettings, there: LoadBalancer, listener: Listener, after: Iterable[str]
) -> None:
    """Remove certificates that are stated no longer, and then the names of settings from the tag."""
    before = stated_before(there)
    gone = sorted(listener.further - set(wanted.further)) if CERTIFICATES in before else []
    done = list(after)
    if gone:
        done.append(
            draft.add(
                'listener/certificates/remove',
                'elbv2:RemoveListenerCertificates',
                f'Remove certificates from the listener of {draft.service}',
                {'ListenerArn': listener.arn, 'Certificates': certificate_list(gone)},
                after=done,
                why=[Change('elb.certificates', gone, None)],
            )
        )
    if before - wanted.names:
        changed = [step.id for step in draft.steps if step.kind == 'elbv2:ModifyLoadBalancerAttributes']
        _tag(draft, 'set', there, wanted.names, after=[*done, *changed])


def _tag(draft: Draft, name: str, there: LoadBalancer, fields: set[str], after: Iterable[str] = ()) -> str:
    arguments: dict[str, Any] = {'ResourceArns': [there.arn]}
    kind = 'elbv2:RemoveTags'
    if fields:
        kind, arguments['Tags'] = 'elbv2:AddTags', names.tag_list({names.SET_TAG: ' '.join(sorted(fields))})
    else:
        arguments['TagKeys'] = [names.SET_TAG]
    text = f'Tag the load balancer {there.name} with the settings that are stated'
    return draft.add(f'load-balancer/{name}', kind, text, arguments, after=after)
