// What every input sees before anything the user typed: the text that is precompiled.
//
// It has three parts. The integer types are made those of the GCC that built the libraries (`uint32_t` is
// `unsigned long` there), or names would not link. The headers are those people expect at a prompt. `__bw::Slot`
// is where an input leaves the value of its last expression, shaped so that debug information tells how to read it:
//
//     Slot<T>     { value }      prvalues
//     Slot<T &>   { value }      scalars and small trivially copyable objects: read once, at that moment
//                 { pointer }    everything else: shown from where it lives
//     Slot<void>  { }            nothing to show
//
// A prvalue whose type has a destructor brings `drop` too, which ends it once it has been shown. `whole` has the compiler
// finish the types of elements, so that debug information describes them.

import type { BoardRecord } from '../../boards/board.js';

/** GCC's choice of the integer types, where clang's differs. Source: GCC's predefined macros for arm-none-eabi. */
const GCC_TYPES: Readonly<Record<string, string>> = {
  INT32: 'long int',
  UINT32: 'long unsigned int',
  INT_LEAST32: 'long int',
  UINT_LEAST32: 'long unsigned int',
  INT_FAST8: 'int',
  UINT_FAST8: 'unsigned int',
  INT_FAST16: 'int',
  UINT_FAST16: 'unsigned int',
  WINT: 'unsigned int',
};

const HEADERS = [
  'algorithm',
  'array',
  'cmath',
  'cstddef',
  'cstdint',
  'cstdio',
  'cstdlib',
  'cstring',
  'functional',
  'initializer_list',
  'limits',
  'map',
  'memory',
  'numeric',
  'optional',
  'span',
  'string',
  'string_view',
  'tuple',
  'type_traits',
  'utility',
  'variant',
  'vector',
];

/** Bytes up to which a trivially copyable lvalue is copied into its slot. */
const COPIED_BYTES = 64;

const SLOT = `
namespace __bw {
template <class T, class = void>
inline constexpr bool copied = false;
template <class T>
inline constexpr bool copied<T, decltype(void(sizeof(T)))> =
    __is_trivially_copyable(T) && __is_constructible(__remove_cv(T), T &) && !__is_array(T) && sizeof(T) <= ${COPIED_BYTES};

template <class T, class = void>
inline constexpr bool whole = true;
template <class T>
inline constexpr bool whole<T, decltype(void(sizeof(typename T::value_type)))> = whole<typename T::value_type>;
template <class A, class B>
inline constexpr bool whole<std::pair<A, B>, void> = whole<__remove_cv(A)> && whole<__remove_cv(B)>;

template <class T, bool = __is_trivially_destructible(T)>
struct Slot {
  static_assert(whole<__remove_cv(T)>);
  __remove_cv(T) value;
  template <class F, class D>
  explicit Slot(F f, D) : value(f()) {}
};
template <class T>
struct Slot<T, false> {
  static_assert(whole<__remove_cv(T)>);
  __remove_cv(T) value;
  void (*drop)();
  template <class F, class D>
  explicit Slot(F f, D d) : value(f()), drop(d) {}
};
template <>
struct Slot<void, false> {
  template <class F, class D>
  explicit Slot(F f, D) {
    f();
  }
};
template <class T, bool = copied<T>>
struct LvalueSlot {
  static_assert(whole<__remove_cv(T)>);
  T *pointer;
  template <class F, class D>
  explicit LvalueSlot(F f, D) : pointer(take(f())) {}
  static T *take(T &&place) { return __builtin_addressof(place); }
  static T *take(T &place) { return __builtin_addressof(place); }
};
template <class T>
struct LvalueSlot<T, true> {
  __remove_cv(T) value;
  template <class F, class D>
  explicit LvalueSlot(F f, D) : value(f()) {}
};
template <class R, class... A>
struct LvalueSlot<R(A...), false> {
  R (*value)(A...);
  template <class F, class D>
  explicit LvalueSlot(F f, D) : value(f()) {}
};
template <class R, class... A>
struct LvalueSlot<R(A..., ...), false> {
  R (*value)(A..., ...);
  template <class F, class D>
  explicit LvalueSlot(F f, D) : value(f()) {}
};
template <class T>
void end(Slot<T, false> &slot) {
  slot.value.~T();
}
inline void end(Slot<void, false> &) {}
template <class S>
void end(S &) {}
template <class T>
struct Slot<T &, true> : LvalueSlot<T> {
  using LvalueSlot<T>::LvalueSlot;
};
template <class T>
struct Slot<T &&, true> : LvalueSlot<T> {
  using LvalueSlot<T>::LvalueSlot;
};
}
`;

// What is used here is instantiated once, in the precompiled header, instead of in each input (15 ms for a vector).
const WARM_UP = `
namespace __bw {
inline void warmUp() {
  std::string text("a");
  text += "b";
  std::vector<int> numbers{1, 2};
  numbers.push_back(static_cast<int>(numbers.size()) + numbers[0]);
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::string> texts;
  texts.push_back(text + text);
}
}
`;

/** The text to precompile.
 *  @param libc   the C library that goes with it
 *  @param headers absolute paths of the user's own headers */
export function prefixText(libc: BoardRecord['libc'], headers: readonly string[] = []): string {
  return [
    ...(libc === 'wasi' ? [] : gccTypes()),
    ...HEADERS.map((header) => `#include <${header}>\n`),
    SLOT,
    WARM_UP,
    ...headers.map((header) => `#include "${header.replace(/[\\"]/g, '\\$&')}"\n`),
  ].join('');
}

function gccTypes(): string[] {
  return [
    '#pragma clang diagnostic push\n#pragma clang diagnostic ignored "-Wbuiltin-macro-redefined"\n',
    ...Object.entries(GCC_TYPES).map(([name, type]) => `#undef __${name}_TYPE__\n#define __${name}_TYPE__ ${type}\n`),
    '#pragma clang diagnostic pop\n',
  ];
}
