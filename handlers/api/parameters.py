"""The query parameters and headers that several verbs share."""

from handlers.api.operation import Parameter

CHANGE = (
    Parameter('message', 'The reason for the change, recorded with the revision. Also the header X-Nysa-Message.'),
    Parameter('deploy', 'false stores the change without deploying it.', kind='boolean'),
    Parameter('dry_run', 'true stores and sends nothing; the answer is the plan.', kind='boolean'),
    Parameter('plan', 'The id of the plan to carry out; 412 if its inputs have changed.'),
    Parameter('override', 'The reason to make the change despite a freeze; requires the role admin.'),
    Parameter(
        'If-Match', 'The revision that the change is based on; 412 if it is no longer the current one.', 'header'
    ),
)

PRUNE = (Parameter('prune', 'true removes the services that are absent from the new document.', kind='boolean'),)

# The statuses of a valid change that is refused: a quarantine, another revision or plan, a freeze.
GUARDED = (409, 412, 423)

CONDITIONAL_READ = (
    Parameter('If-None-Match', 'The revision that the client has; 304 if it is still the current one.', 'header'),
)
