"""What the handlers are given: the use cases, ready to be called."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.access import Access
from handlers.answers import Answers
from handlers.in_flight import InFlight
from handlers.sockets import Sockets
from stack.adopter import Adopter
from stack.audit import Audit
from stack.audit_news import AuditNews
from stack.delivery import Sweeper
from stack.desired_state import DesiredStates
from stack.ecs_clusters import EcsClusters
from stack.flight_recorder import FlightRecorder
from stack.guarding import Guarding
from stack.history import History
from stack.last_words import LastWords
from stack.live import Live
from stack.metrics import Metrics
from stack.promotion import Promotion
from stack.readiness import Finding
from stack.rollback import Rollback
from stack.service_report import Look
from stack.service_specs import ServiceSpecs
from stack.tags import TaggedImages


@dataclass(frozen=True)
class Context:
    version: str
    openapi: Callable[[], Mapping[str, Any]]
    states: DesiredStates
    specs: ServiceSpecs
    adopter: Adopter
    ecs_clusters: EcsClusters
    history: History
    tagged_images: TaggedImages
    metrics: Metrics
    metrics_text: Callable[[], Awaitable[bytes]]
    findings: Callable[[], Awaitable[list[Finding]]]
    access: Access
    in_flight: InFlight
    answers: Answers
    live: Live
    look: Look
    recorder: FlightRecorder
    last_words: LastWords
    sockets: Sockets
    sweeper: Sweeper
    guarding: Guarding
    audit: Audit
    audit_news: AuditNews
    rollback: Rollback
    promotion: Promotion
