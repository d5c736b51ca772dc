import pytest

from stack.reconcile.plan import Change, Note, Plan, ResultOf, Row, Step, at_path, differences, filled_in


def step(name: str, **arguments) -> Step:
    return Step(name, 'ecs:UpdateService', 'web', f'Do {name}', arguments)


class TestId:
    def test_is_the_same_for_the_same_plan(self):
        one, other = (Plan('c', steps=(step('a', x=ResultOf('b', 'c')),)) for _ in range(2))
        assert one.id == other.id

    @pytest.mark.parametrize(
        'other',
        [
            Plan('d', steps=(step('a', x=1),)),
            Plan('c', steps=(step('a', x=2),)),
            Plan('c', steps=(step('b', x=1),)),
            Plan('c', rows=(Row('web', 'update'),), steps=(step('a', x=1),)),
        ],
    )
    def test_is_another_where_anything_would_be_done_otherwise(self, other: Plan):
        assert Plan('c', steps=(step('a', x=1),)).id != other.id


def test_json_has_no_values_of_environment_variables_in_its_steps():
    plan = Plan(
        'c', (Row('web', 'update', (Change('image', 'a', 'b'),)),), (step('a', PASSWORD='x'),), (Note(None, 'n'),)
    )
    shown = plan.to_json()
    assert shown['services'] == [
        {'service': 'web', 'action': 'update', 'changes': [{'path': 'image', 'before': 'a', 'after': 'b'}]}
    ]
    assert 'PASSWORD' not in str(shown['steps'])
    assert shown['notes'] == [{'service': None, 'message': 'n'}]


@pytest.mark.parametrize(
    ('path', 'found'),
    [('a.0.b', 1), ('a.1', None), ('a.0.c', None), ('a.x', None), ('z', None), ('a.0.b.c', None), ('n', None)],
)
def test_at_path(path: str, found: object):
    assert at_path({'a': [{'b': 1}], 'n': None}, path) == found


class TestFilledIn:
    def test_takes_results_of_earlier_steps_wherever_they_stand(self):
        arguments = {'a': [{'b': ResultOf('s', 'x.0')}], 'c': 'd', 'e': (1,)}
        assert filled_in(arguments, {'s': {'x': ['y']}}) == {'a': [{'b': 'y'}], 'c': 'd', 'e': [1]}

    @pytest.mark.parametrize('answers', [{}, {'s': {}}])
    def test_refuses_what_is_not_there(self, answers: dict):
        with pytest.raises(LookupError):
            filled_in({'a': ResultOf('s', 'x')}, answers)


def test_differences_enter_mappings_and_compare_lists_whole():
    before = {'image': 'a', 'environment': {'A': '1', 'B': '2'}, 'ports': [1], 'gone': 1}
    after = {'image': 'a', 'environment': {'A': '1', 'B': '3', 'C': '4'}, 'ports': [2]}
    assert differences(before, after) == [
        Change('environment.B', '2', '3'),
        Change('environment.C', None, '4'),
        Change('gone', 1, None),
        Change('ports', [1], [2]),
    ]
