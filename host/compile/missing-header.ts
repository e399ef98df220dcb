// clang says that `std` has no `list`; what a person wants to know is which header to include. The headers that the
// prompt knows from the start (host/compile/prefix.ts) need no row.
// Source: C++20 standard, table of library headers [headers]; what newlib and libstdc++ have.

const HEADER_OF: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    atomic: 'atomic atomic_flag atomic_ref memory_order',
    any: 'any any_cast make_any',
    bit: 'bit_cast popcount countl_zero countr_zero rotl rotr bit_width has_single_bit bit_ceil bit_floor endian',
    bitset: 'bitset',
    charconv: 'to_chars from_chars',
    chrono: 'chrono',
    compare: 'strong_ordering partial_ordering weak_ordering',
    complex: 'complex',
    concepts: 'integral floating_point same_as convertible_to derived_from invocable regular',
    coroutine: 'coroutine_handle coroutine_traits suspend_always suspend_never',
    deque: 'deque',
    forward_list: 'forward_list',
    iomanip: 'setw setprecision setfill',
    iostream: 'cout cin cerr clog endl',
    iterator: 'back_inserter front_inserter inserter istream_iterator ostream_iterator make_move_iterator',
    list: 'list',
    numbers: 'numbers',
    queue: 'queue priority_queue',
    random: 'mt19937 random_device uniform_int_distribution uniform_real_distribution normal_distribution minstd_rand',
    ranges: 'ranges views',
    ratio: 'ratio milli micro nano kilo mega',
    set: 'set multiset',
    sstream: 'stringstream ostringstream istringstream',
    stack: 'stack',
    typeindex: 'type_index',
    typeinfo: 'type_info',
    unordered_map: 'unordered_map unordered_multimap',
    unordered_set: 'unordered_set unordered_multiset',
    valarray: 'valarray',
  }).flatMap(([header, names]) => names.split(' ').map((name) => [name, header])),
);

const UNKNOWN = /^no (?:member|template|type) named '(\w+)' in namespace 'std'/;

const THREADS = new Set([
  'thread',
  'jthread',
  'mutex',
  'condition_variable',
  'future',
  'async',
  'promise',
  'lock_guard',
]);

/** What to include when clang does not know a name of the standard library; undefined for every other message. */
export function missingHeader(message: string): string | undefined {
  const name = UNKNOWN.exec(message)?.[1];
  if (name !== undefined && THREADS.has(name)) {
    return `std::${name} needs an operating system with threads, which a board does not have`;
  }
  const header = name === undefined || !Object.hasOwn(HEADER_OF, name) ? undefined : HEADER_OF[name];
  return header === undefined ? undefined : `std::${name} needs \`#include <${header}>\``;
}
