"""The LRU cache."""

from stack.runtime.lru import LruCache


def test_the_least_recently_used_value_is_dropped():
    cache: LruCache[str, int] = LruCache(2)
    cache.put('a', 1)
    cache.put('b', 2)
    assert cache.get('a') == 1
    cache.put('c', 3)
    assert (cache.get('a'), cache.get('b'), cache.get('c'), len(cache)) == (1, None, 3, 2)


def test_a_value_stored_again_is_used_again():
    cache: LruCache[str, int] = LruCache(2)
    for key, value in (('a', 1), ('b', 2), ('a', 3), ('c', 4)):
        cache.put(key, value)
    assert (cache.get('a'), cache.get('b')) == (3, None)


def test_values_may_count_by_their_size():
    cache: LruCache[str, str] = LruCache(5, len)
    for key, value in (('a', 'xx'), ('b', 'xx'), ('a', 'x'), ('c', 'xx')):
        cache.put(key, value)
    assert (cache.get('b'), cache.get('a'), cache.get('c'), cache.size) == ('xx', 'x', 'xx', 5)
    cache.put('d', 'x' * 6)
    assert (len(cache), cache.size) == (0, 0), 'one that is larger than the cache has no room'


def test_a_dropped_value_is_gone():
    cache: LruCache[str, int] = LruCache(2)
    cache.put('a', 1)
    cache.drop('a')
    cache.drop('a')
    assert cache.get('a') is None
