// Types of debug information → the C++ text that declares them, for code that has no header of theirs. Whatever a type
// is made of comes before it:
//
//   walk   all that is reached from the wanted types, classes within classes with the class around them
//   emit   names of classes first; then enums, typedefs and classes, each behind what it holds by value
//
// Everything is public, member functions are declared with the symbols they have, and what C++ cannot say of a class
// (virtual bases, an odd layout) leaves its bytes.

import type { Scope } from '../elf/dwarf/scope.js';
import {
  bareType,
  type DwarfType,
  type EnumType,
  type Member,
  type Method,
  type RecordType,
} from '../elf/dwarf/types.js';
import {
  enumText,
  isPacked,
  membersText,
  methodsOf,
  NAMELESS,
  type Named,
  namedIn,
  parentOf,
  templateParameters,
  typesIn,
} from './declare-parts.js';
import { simplifyName } from './simplify-name.js';
import { declaredAs, scopePrefix, typeName } from './type-name.js';

/** Begins the names that types without one are given. */
const UNNAMED = '__bw_unnamed_';
/** Begins what a layout check says. */
export const LAYOUT_MARK = '__bw_layout ';
const MOST_TYPES = 5000;
/** Declared by headers that every input sees. */
const LIBRARY = /^(?:std|__gnu_cxx|__cxxabiv1)::/;

export interface TypeSource {
  /** A type by qualified name. */
  type(qualifiedName: string): DwarfType | undefined;
}

/** Which types are left alone, by qualified name. */
export interface TypeChoice {
  /** Declared elsewhere. */
  readonly known: ReadonlySet<string>;
  /** Of which only the bytes are wanted. */
  readonly opaque: ReadonlySet<string>;
}

/** Declares types, and names them as C++ text can. */
export class TypeDeclarer {
  readonly #found = new Map<string, Named>();
  readonly #nested = new Map<string, Named[]>();
  readonly #queue: DwarfType[] = [];
  readonly #seen = new Set<DwarfType>();
  readonly #lines: string[] = [];
  readonly #done = new Set<string>();
  readonly #forwarded = new Set<string>();

  constructor(
    private readonly source: TypeSource,
    private readonly choice: TypeChoice,
    /** Names given to types without one; kept from one text to the next. */
    private readonly unnamed: Map<DwarfType, string>,
  ) {}

  /** Has the text declare what `type` is made of. */
  want(type: DwarfType): void {
    this.#queue.push(type);
  }

  /** A type with the name it declares, with names for what has none. */
  declared(type: DwarfType, name: string): string {
    return declaredAs(this.#nameable(type), name);
  }

  /** The text; whole lines. */
  text(): string {
    for (let type = this.#queue.pop(); type !== undefined && this.#seen.size < MOST_TYPES; type = this.#queue.pop()) {
      this.#visit(type);
    }
    for (const [key, type] of this.#found) if (parentOf(type.scopes) === undefined) this.#define(key, type);
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  #keyOf(type: Named): string | undefined {
    const name = type.kind === 'typedef' ? type.name : (type.name ?? this.unnamed.get(type));
    return name === undefined ? undefined : simplifyName(scopePrefix(type.scopes) + name);
  }

  #visit(type: DwarfType): void {
    if (this.#seen.has(type)) return;
    this.#seen.add(type);
    switch (type.kind) {
      case 'void':
      case 'base':
      case 'unspecified':
        return;
      case 'array':
        this.#queue.push(type.element);
        return;
      case 'function':
        this.#queue.push(type.result, ...type.parameters);
        return;
      case 'member pointer':
        this.#queue.push(type.target, type.owner);
        return;
      case 'typedef':
        this.#queue.push(type.target);
        this.#note(type);
        return;
      case 'enum':
        this.#note(type);
        return;
      case 'record':
        this.#visitRecord(type);
        return;
      default:
        this.#queue.push(type.target);
    }
  }

  #visitRecord(type: RecordType): void {
    const key = this.#note(type);
    this.#queue.push(...typesIn(type.templateArgs));
    if (key === undefined || LIBRARY.test(key) || this.choice.known.has(key)) return;
    if (type.declaration || this.choice.opaque.has(key)) return;
    for (const { type: part } of [...type.members, ...type.bases, ...type.staticMembers]) this.#queue.push(part);
    for (const { result, parameters } of methodsOf(type)) this.#queue.push(result, ...parameters);
  }

  #note(type: Named): string | undefined {
    if (type.kind !== 'typedef' && type.name === undefined && !this.unnamed.has(type)) {
      this.unnamed.set(type, `${UNNAMED}${this.unnamed.size}_${type.kind}`);
    }
    const key = this.#keyOf(type);
    if (key === undefined || this.#found.has(key)) return key;
    this.#found.set(key, type);
    const parent = parentOf(type.scopes);
    if (parent !== undefined) {
      const list = this.#nested.get(parent);
      if (list === undefined) this.#nested.set(parent, [type]);
      else list.push(type);
      const around = this.source.type(parent);
      if (around !== undefined) this.#queue.push(around);
    }
    return key;
  }

  /** The same type where everything has a name. */
  #nameable(type: DwarfType): DwarfType {
    switch (type.kind) {
      case 'record':
      case 'enum': {
        const name = this.unnamed.get(type);
        return name === undefined || type.name !== undefined
          ? type
          : { ...NAMELESS[type.kind], name, scopes: type.scopes };
      }
      case 'base':
        return type.name === '_Bool' ? { ...type, name: 'bool' } : type;
      case 'array':
        return { ...type, element: this.#nameable(type.element) };
      case 'function':
        return {
          ...type,
          result: this.#nameable(type.result),
          parameters: type.parameters.map((each) => this.#nameable(each)),
        };
      case 'pointer':
      case 'reference':
      case 'rvalue reference':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'atomic':
        return { ...type, target: this.#nameable(type.target) };
      default:
        return type;
    }
  }

  #skips(key: string): boolean {
    return this.#done.has(key) || LIBRARY.test(key) || this.choice.known.has(key);
  }

  #define(key: string, type: Named): void {
    if (this.#skips(key)) return;
    const parent = parentOf(type.scopes);
    if (parent !== undefined) {
      const around = this.#found.get(parent);
      if (around !== undefined) this.#define(parent, around);
      return;
    }
    this.#done.add(key);
    if (type.kind === 'enum') this.#emit(type.scopes, enumText(type, this.#keyName(type)));
    else if (type.kind === 'typedef') {
      this.#before(type.target, false);
      this.#emit(type.scopes, `typedef ${this.declared(type.target, type.name)};`);
    } else this.#defineRecord(key, type);
  }

  #keyName(type: EnumType | RecordType): string {
    return type.name ?? this.unnamed.get(type)!;
  }

  #defineRecord(key: string, type: RecordType): void {
    this.#forward(key, type);
    if (type.declaration) return;
    const nested = this.#nestedIn(key);
    for (const each of [type, ...nested.filter((inner): inner is RecordType => inner.kind === 'record')]) {
      for (const { type: part } of [...each.members, ...each.bases]) this.#before(part, true);
      for (const { type: part } of each.staticMembers) this.#before(part, false);
      for (const { result, parameters } of methodsOf(each)) {
        for (const part of [result, ...parameters]) this.#before(part, false);
      }
    }
    for (const each of nested) if (each.kind === 'typedef') this.#before(each.target, false);
    this.#emit(type.scopes, `${this.#recordText(key, type)};`);
    if (type.sizeBytes !== undefined) this.#lines.push(this.#layoutCheck(key, type));
  }

  #layoutCheck(key: string, type: RecordType): string {
    const places = this.#isOpaque(key, type)
      ? []
      : type.members.filter(({ name, bits, artificial }) => name !== undefined && bits === undefined && !artificial);
    const checks = [
      `sizeof(${key}) == ${type.sizeBytes}`,
      ...places.map(({ name, offset }) => `__builtin_offsetof(${key}, ${name}) == ${offset}`),
    ];
    return `static_assert(${checks.join(' && ')}, "${LAYOUT_MARK}${key}");`;
  }

  #isOpaque(key: string, { bases }: RecordType): boolean {
    return this.choice.opaque.has(key) || bases.some(({ offset }) => offset === undefined);
  }

  /** All types within a class, also within those. */
  #nestedIn(key: string): Named[] {
    return (this.#nested.get(key) ?? []).flatMap((each) => {
      const inner = this.#keyOf(each);
      return inner === undefined ? [each] : [each, ...this.#nestedIn(inner)];
    });
  }

  /** Declares what stands in front of a use of `type`. */
  #before(type: DwarfType, byValue: boolean): void {
    switch (type.kind) {
      case 'array':
        this.#before(type.element, true);
        return;
      case 'function':
        for (const each of [type.result, ...type.parameters]) this.#before(each, false);
        return;
      case 'member pointer':
        this.#before(type.owner, false);
        this.#before(type.target, false);
        return;
      case 'pointer':
      case 'reference':
      case 'rvalue reference':
        this.#before(type.target, false);
        return;
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'atomic':
        this.#before(type.target, byValue);
        return;
      case 'typedef': {
        const key = this.#keyOf(type)!;
        if (byValue) this.#before(type.target, true);
        this.#define(key, type);
        return;
      }
      case 'enum': {
        const key = this.#keyOf(type);
        if (key !== undefined) this.#define(key, type);
        return;
      }
      case 'record': {
        const key = this.#keyOf(type);
        if (key === undefined) return;
        for (const each of typesIn(type.templateArgs)) this.#before(each, byValue);
        if (parentOf(type.scopes) !== undefined || byValue) this.#define(key, type);
        else this.#forward(key, type);
        return;
      }
      default:
        return;
    }
  }

  #forward(key: string, type: RecordType): void {
    if (LIBRARY.test(key) || this.choice.known.has(key) || this.#forwarded.has(key)) return;
    this.#forwarded.add(key);
    const name = this.#keyName(type);
    if (!name.includes('<')) {
      this.#emit(type.scopes, `${type.keyword} ${name};`);
      return;
    }
    const parameters = templateParameters(type.templateArgs);
    const primary = `${scopePrefix(type.scopes)}${name.slice(0, name.indexOf('<'))}`;
    if (this.#forwarded.has(primary) || this.choice.known.has(primary)) return;
    this.#forwarded.add(primary);
    for (const each of typesIn(type.templateArgs)) this.#before(each, false);
    this.#emit(type.scopes, `template <${parameters}> ${type.keyword} ${name.slice(0, name.indexOf('<'))};`);
  }

  #emit(scopes: readonly Scope[], text: string): void {
    const spaces = scopes.filter(({ kind, name }) => kind === 'namespace' && name !== undefined);
    const open = spaces.map(({ name }) => `namespace ${name} { `).join('');
    this.#lines.push(`${open}${text}${' }'.repeat(spaces.length)}`);
  }

  #recordText(key: string, type: RecordType): string {
    const name = simplifyName(this.#keyName(type));
    const special = name.includes('<') ? 'template <> ' : '';
    const { sizeBytes = 0, keyword } = type;
    if (this.#isOpaque(key, type)) {
      const align = type.align ?? (sizeBytes % 4 === 0 ? 4 : sizeBytes % 2 === 0 ? 2 : 1);
      return `${special}${keyword} alignas(${align}) ${name} { unsigned char __bytes[${Math.max(1, sizeBytes)}]; }`;
    }
    const packed = isPacked(type);
    const attributes = `${packed ? '__attribute__((packed)) ' : ''}${type.align === undefined ? '' : `alignas(${type.align}) `}`;
    const bases = type.bases.map((base) => `public ${typeName(base.type)}`).join(', ');
    const parts = [
      ...this.#nestedTexts(key).map((text) => `${text};`),
      ...membersText(type, packed, (member) => this.#memberText(member)),
      ...type.staticMembers.map((each) => `static ${this.declared(each.type, each.name)};`),
      ...methodsOf(type).map((method) => this.#methodText(method)),
    ];
    const head = `${special}${keyword} ${attributes}${name}${bases === '' ? '' : ` : ${bases}`}`;
    return `${head} { public: ${parts.join(' ')} }`.replace(/^((?:template <> )?union .*?\{) public:/, '$1');
  }

  /** The types within a class: the names of classes, enums, then the rest, each behind what it is made of. */
  #nestedTexts(key: string): string[] {
    const nested = this.#nested.get(key) ?? [];
    const texts = nested.flatMap((each) =>
      each.kind === 'record' && each.name !== undefined ? [`${each.keyword} ${this.#keyName(each)}`] : [],
    );
    const left = new Map(nested.map((each) => [this.#keyOf(each)!, each]));
    const emit = (name: string, type: Named): void => {
      if (!left.delete(name)) return;
      const parts = type.kind === 'record' ? [...type.members, ...type.bases].map((part) => part.type) : [];
      if (type.kind === 'typedef') parts.push(type.target);
      for (const part of parts.flatMap(namedIn)) {
        const inner = this.#keyOf(part);
        const found = inner === undefined ? undefined : left.get(inner);
        if (found !== undefined) emit(inner!, found);
      }
      texts.push(this.#nestedText(type));
    };
    for (const kind of ['enum', 'typedef', 'record']) {
      for (const [name, type] of [...left]) if (type.kind === kind) emit(name, type);
    }
    return texts;
  }

  #nestedText(type: Named): string {
    this.#done.add(this.#keyOf(type)!);
    if (type.kind === 'enum') return enumText(type, this.#keyName(type)).replace(/;$/, '');
    if (type.kind === 'typedef') return `typedef ${this.declared(type.target, type.name)}`;
    if (type.declaration) return `${type.keyword} ${this.#keyName(type)}`;
    return this.#recordText(this.#keyOf(type)!, type);
  }

  #memberText({ name, type, bits, artificial }: Member): string {
    if (artificial) return `void *${(name ?? '_vptr').replace(/\W/g, '_')};`;
    const bare = bareType(type);
    if (name === undefined) {
      // What an anonymous struct holds is reached without a name.
      return bare.kind === 'record' ? `${this.#anonymousText(bare)};` : '';
    }
    return `${this.declared(type, name)}${bits === undefined ? '' : ` : ${bits.size}`};`;
  }

  #anonymousText(type: RecordType): string {
    const parts = membersText(type, false, (member) => this.#memberText(member));
    return `${type.keyword} { ${parts.join(' ')} }`;
  }

  #methodText({ name, linkageName, result, parameters, isStatic, isConst }: Method): string {
    const type: DwarfType = { kind: 'function', result, parameters, variadic: false, method: false };
    const label = linkageName === undefined ? '' : ` asm("${linkageName}")`;
    return `${isStatic ? 'static ' : ''}${this.declared(type, name)}${isConst ? ' const' : ''}${label};`;
  }
}
