"""The query parameters and headers that several verbs take."""

from handlers.operation import Parameter

CHANGE = (
    Parameter('message', 'Why the change is made; kept with the revision. Also the header X-Nysa-Message.'),
    Parameter('deploy', 'false stores the change without announcing it.', kind='boolean'),
    Parameter(
        'If-Match', 'The revision that the change is based on; 412 where it is no longer the current one.', 'header'
    ),
)

CONDITIONAL_READ = (
    Parameter('If-None-Match', 'The revision that the client has; 304 where it is still the current one.', 'header'),
)
