"""The query parameters and headers that several verbs take."""

from handlers.api.operation import Parameter

CHANGE = (
    Parameter('message', 'Why the change is made; kept with the revision. Also the header X-Nysa-Message.'),
    Parameter('deploy', 'false stores the change without announcing it.', kind='boolean'),
    Parameter('dry_run', 'true stores and sends nothing: the answer is the plan.', kind='boolean'),
    Parameter('plan', 'The id of a plan: 412 where anything that it was made from has moved.'),
    Parameter('override', 'The reason for which the change is made even in a freeze; it takes the role admin.'),
    Parameter(
        'If-Match', 'The revision that the change is based on; 412 where it is no longer the current one.', 'header'
    ),
)

PRUNE = (Parameter('prune', 'true has the services destroyed that the new document leaves out.', kind='boolean'),)

# What refuses a change beside what is wrong with it: a quarantine, another revision or plan, a freeze.
GUARDED = (409, 412, 423)

CONDITIONAL_READ = (
    Parameter('If-None-Match', 'The revision that the client has; 304 where it is still the current one.', 'header'),
)
