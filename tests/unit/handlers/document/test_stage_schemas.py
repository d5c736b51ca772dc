from handlers.document.schemas.stages import STAGES
from stack.rollouts.stage_view import STAGE_KEYS


def test_each_key_of_a_stage_has_a_schema():
    assert set(STAGES) == set(STAGE_KEYS)
