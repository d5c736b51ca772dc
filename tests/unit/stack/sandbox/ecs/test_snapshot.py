import json
from dataclasses import dataclass, field

from stack.sandbox.ecs.model import Wire
from stack.sandbox.ecs.snapshot import plain, restored


@dataclass
class Leaf:
    name: str
    at: float | None = None
    spec: Wire = field(default_factory=dict)


@dataclass
class Tree:
    root: Leaf
    leaves: list[Leaf] = field(default_factory=list)
    named: dict[str, list[Leaf]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    best: Leaf | None = None


def tree() -> Tree:
    leaf = Leaf('a', 0.1 + 0.2, {'x': [1, {'y': None}]})
    return Tree(leaf, [leaf, Leaf('b')], {'k': [Leaf('c')]}, {'t': 'u'}, ['w'], Leaf('best'))


def test_there_and_back():
    kept = json.loads(json.dumps(plain(tree())))
    assert restored(Tree, kept) == tree()


def test_later_changes_do_not_show():
    original = tree()
    kept = plain(original)
    before = json.dumps(kept)
    original.leaves.append(Leaf('new'))
    original.leaves[0].name = 'other'
    original.named['k'][0].at = 1.0
    original.named['l'] = []
    original.tags['v'] = 'w'
    original.words.append('x')
    original.best.name = 'worse'
    assert json.dumps(kept) == before


def test_a_snapshot_of_another_version():
    assert restored(Leaf, {'name': 'a', 'colour': 'green'}) == Leaf('a')
