// Names of standard library types as people write them: `std::vector<std::string>` for what compilers call
// `std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >, …>`.
// One pass over the text, innermost template arguments first; what a table does not know stays as it is.

/** Trailing arguments that are left out when they are what the template would have chosen itself. */
const DEFAULT_ARGUMENT = /^std::(allocator|less|hash|equal_to|default_delete|char_traits)<.*>$/;

/** Defaults that depend on the first argument. */
const DEPENDENT_DEFAULTS: Readonly<Record<string, (first: string) => string>> = {
  'std::stack': (first) => `std::deque<${first}>`,
  'std::queue': (first) => `std::deque<${first}>`,
  'std::priority_queue': (first) => `std::vector<${first}>`,
  'std::span': () => '4294967295',
  'std::chrono::time_point': () => 'std::chrono::nanoseconds',
  'std::chrono::duration': () => 'std::ratio<1, 1>',
};

const CHARACTERS: readonly (readonly [type: string, prefix: string])[] = [
  ['char', ''],
  ['wchar_t', 'w'],
  ['char8_t', 'u8'],
  ['char16_t', 'u16'],
  ['char32_t', 'u32'],
];

const PERIODS: readonly (readonly [ratio: string, name: string])[] = [
  ['1, 1000000000', 'nanoseconds'],
  ['1, 1000000', 'microseconds'],
  ['1, 1000', 'milliseconds'],
  ['60, 1', 'minutes'],
  ['3600, 1', 'hours'],
  ['86400, 1', 'days'],
];

const ALIASES: ReadonlyMap<string, string> = new Map([
  ...CHARACTERS.flatMap(([type, prefix]) => [
    [`std::basic_string<${type}>`, `std::${prefix}string`] as const,
    [`std::basic_string_view<${type}>`, `std::${prefix}string_view`] as const,
  ]),
  ['std::chrono::duration<long long>', 'std::chrono::seconds'],
  ...PERIODS.map(
    ([ratio, name]) => [`std::chrono::duration<long long, std::ratio<${ratio}>>`, `std::chrono::${name}`] as const,
  ),
]);

/** GCC's order of words in integer types, and ours. */
const INTEGER_NAMES: ReadonlyMap<string, string> = new Map([
  ['long int', 'long'],
  ['short int', 'short'],
  ['long unsigned int', 'unsigned long'],
  ['short unsigned int', 'unsigned short'],
  ['long long int', 'long long'],
  ['long long unsigned int', 'unsigned long long'],
]);

/** Inline namespaces of the standard libraries, and ours. */
const INLINE_NAMESPACES = /\b(?:__cxx11|_V2|__[12]|__ndk1|__debug)::/g;

/** Longer names are shown as they are. */
const MAX_NAME = 20_000;
const MAX_NESTING = 100;

/** The readable form of a type or function name. */
export function simplifyName(name: string): string {
  if (!/[<(_]| (?:int|unsigned)\b/.test(name) || name.length > MAX_NAME) return name;
  const text = name
    .replace(INLINE_NAMESPACES, '')
    .replace(/\(anonymous namespace\)::/g, '')
    .replace(/\(lambda at [^()]*\)|\{lambda\([^{}]*\)#\d+\}|'lambda\d*'\([^()]*\)|\$_\d+/g, '(lambda)');
  const simple = new NameReader(text).list('').join(', ');
  return simple.replace(/(?:\w+(?:\([^()]*\))?::)+\(lambda\)/g, '(lambda)');
}

class NameReader {
  #pos = 0;
  #nesting = 0;
  constructor(readonly text: string) {}

  /** Items between commas, up to `closer` (which is consumed) or the end of the text. */
  list(closer: string): string[] {
    const items: string[] = [];
    this.#nesting++;
    for (;;) {
      const item = this.#item(closer);
      if (item !== '' || items.length > 0) items.push(item);
      const stop = this.text[this.#pos++];
      if (stop !== ',') break;
    }
    this.#nesting--;
    return items;
  }

  /** One name or type: text, with its template arguments and parentheses simplified. */
  #item(closer: string): string {
    let out = '';
    while (this.#pos < this.text.length) {
      const char = this.text[this.#pos]!;
      if (char === closer || (char === ',' && closer !== '')) break;
      if (char === '<' && /\w$/.test(out) && !/\boperator$/.test(out) && this.#nesting < MAX_NESTING) {
        this.#pos++;
        out = withArguments(out, this.list('>'));
        continue;
      }
      if (char === '(' && this.#nesting < MAX_NESTING) {
        this.#pos++;
        out += `(${this.list(')').join(', ')})`;
        continue;
      }
      out += char;
      this.#pos++;
    }
    const item = out.trim().replace(/\b(\d+)(?:U|L|UL|LL|ULL)\b/g, '$1');
    return INTEGER_NAMES.get(item) ?? item;
  }
}

/** `before<args>` by the tables; `before` may have more in front of the template's name. */
function withArguments(before: string, args: readonly string[]): string {
  const name = /(?:\w+::)*\w+$/.exec(before)?.[0] ?? '';
  const kept = [...args];
  if (name.startsWith('std::')) {
    while (kept.length > 1 && isDefault(name, kept)) kept.pop();
  }
  const whole = `${name}<${kept.join(', ')}>`;
  return before.slice(0, before.length - name.length) + (ALIASES.get(whole) ?? whole);
}

function isDefault(name: string, args: readonly string[]): boolean {
  const last = args[args.length - 1]!;
  if (args.length === 2 && DEPENDENT_DEFAULTS[name]?.(args[0]!) === last) return true;
  // `std::pair<int, std::less<int>>` and tuples take what they are given.
  return DEFAULT_ARGUMENT.test(last) && !/^std::(pair|tuple|variant|function|optional)$/.test(name);
}
