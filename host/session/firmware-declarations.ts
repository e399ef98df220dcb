// Names of the user's firmware that no header has declared. clang says which ones an input lacks; they are looked for in
// the debug information, declared with their types as if the user had typed that, and the input is compiled again:
//
//   input ─clang─▶ undeclared `controller` ─index─▶ class oven::Controller {…}; extern oven::Controller controller;
//            ▲                                                                                 │
//            └─────────────────────────────────────────────────────────────────────────────────┘
//
// So a header always has the first word: what it declares is never made up. A header that comes later takes what was
// made up away.

import { BarewireError } from '../diag/error.js';
import type { DwarfFunction, DwarfVariable } from '../elf/dwarf/symbols.js';
import { bareType, type DwarfType } from '../elf/dwarf/types.js';
import { placeLabel } from '../link/firmware-names.js';
import { LAYOUT_MARK, TypeDeclarer } from '../show/declare-types.js';
import type { Declaration, DeclarationStore } from '../unit/declarations.js';
import { declarationsOf } from '../unit/declarations.js';
import type { CppParser } from '../unit/parser.js';
import type { Mended } from './compile-mended.js';
import { type FirmwareIndex, fileNamespace, isAmbiguous, type Known } from './firmware-index.js';

/** Compilations of one input at most. */
const ATTEMPTS = 8;

/** Declares what inputs use of the firmware. */
export class FirmwareDeclarations {
  /** Keys of declarations that were made here. */
  readonly #made = new Set<string>();
  /** Types that something else declares. */
  readonly #elsewhere = new Set<string>();
  readonly #opaque = new Set<string>();
  readonly #unnamed = new Map<DwarfType, string>();

  constructor(
    readonly index: FirmwareIndex,
    private readonly parser: CppParser,
  ) {}

  /** Compiles an input; what it lacks is declared from debug information.
   *  @param text what the user typed
   *  @param compile compiles it behind these declarations
   *  @throws what `compile` throws; SESSION_AMBIGUOUS_NAME */
  async compile(
    text: string,
    declared: DeclarationStore,
    compile: (before: DeclarationStore) => Promise<Mended>,
  ): Promise<Mended> {
    const wanted = new Set<string>();
    let base = declared;
    let before = declared;
    for (let attempt = 1; ; attempt++) {
      try {
        return await compile(before);
      } catch (error) {
        const said = wordsOf(error);
        if (said === undefined || attempt === ATTEMPTS) throw this.explained(error);
        const fresh = undamaged(error, () => this.#lacking(said, text)).filter((name) => !wanted.has(name));
        for (const name of fresh) wanted.add(name);
        const clash = this.#clashes(said, base);
        if (fresh.length === 0 && !clash) throw this.explained(error);
        if (clash) base = base.without([...this.#made]);
        before = base.add(this.#declare(wanted, base));
      }
    }
  }

  /** Says of functions that an error misses, if that is so, that the firmware's linker left them out. */
  explained(error: unknown): unknown {
    if (!(error instanceof BarewireError)) return error;
    const missing =
      error.code === 'LINK_UNDEFINED'
        ? (error.details.symbols as readonly { demangled: string }[]).map(({ demangled }) =>
            demangled.replace(/\(.*$/s, ''),
          )
        : [...(wordsOf(error) ?? '').matchAll(MISSING)].map(([, name = '', space]) =>
            space ? `${space}::${name}` : name,
          );
    const dropped = undamaged(error, () => [...new Set(missing)].filter((name) => this.index.isDropped(name)));
    if (dropped.length === 0) return error;
    const [is, it] = dropped.length === 1 ? ['is', 'it'] : ['are', 'them'];
    const note = `${dropped.join(', ')} ${is} in the sources of the firmware and not in its ELF: nothing there calls ${it}, or the compiler has inlined ${it} everywhere`;
    return new BarewireError(error.code, `${error.message}\n${note}`, error.details, error.kind, { cause: error });
  }

  /** All parts of names, for completion; none where debug information is damaged. */
  words(): string[] {
    try {
      return [...this.index.names()].flatMap((name) => name.split('::'));
    } catch (error) {
      if (error instanceof BarewireError && error.code.startsWith('DWARF_')) return [];
      throw error;
    }
  }

  /** Names of the firmware among those that clang misses. */
  #lacking(said: string, text: string): string[] {
    const found = new Set<string>();
    for (const [, name = '', space] of said.matchAll(MISSING)) {
      const qualified = space === undefined ? name : `${space}::${name}`;
      if (this.#findName(qualified) !== undefined) found.add(qualified);
      if (this.index.isNamespace(qualified)) {
        for (const chain of chainsIn(text, qualified)) {
          const known = longestKnown(this, chain);
          if (known !== undefined) found.add(known);
        }
      }
    }
    return [...found];
  }

  #findName(name: string): Known | undefined {
    return this.index.find(name);
  }

  /** The part of a chain of names that something is called. */
  knows(name: string): boolean {
    return this.index.find(name) !== undefined;
  }

  /** Learns from what clang says of declarations that were made here.
   *  @returns whether there is anything to do otherwise */
  #clashes(said: string, base: DeclarationStore): boolean {
    let clash = false;
    for (const [, name = ''] of said.matchAll(
      /redefinition of '([^']+)'|redefinition of (?:enumerator|typedef) '([^']+)'/g,
    )) {
      for (const each of this.#madeTypes()) {
        if (each !== name && !each.endsWith(`::${name}`)) continue;
        if (!this.#elsewhere.has(each)) clash = true;
        this.#elsewhere.add(each);
      }
    }
    for (const [, name = ''] of said.matchAll(new RegExp(`${LAYOUT_MARK}([^"'\\n]+)`, 'g'))) {
      if (this.#opaque.has(name)) continue;
      this.#opaque.add(name);
      clash = true;
    }
    if (/different language linkage|conflicting types|differs? from previous|different type/.test(said)) {
      clash ||= [...this.#made].some((key) => base.has(key));
    }
    return clash;
  }

  #madeTypes(): string[] {
    return [...this.#made].flatMap((key) => {
      const name = /^(?:type|enum) (.*)$/.exec(key)?.[1];
      return name === undefined ? [] : [name];
    });
  }

  #declare(names: ReadonlySet<string>, base: DeclarationStore): Declaration[] {
    const known = new Set(this.#elsewhere);
    for (const name of this.#madeTypes()) if (base.has(`type ${name}`) || base.has(`enum ${name}`)) known.add(name);
    const types = new TypeDeclarer(this.index.info, { known, opaque: this.#opaque }, this.#unnamed);
    const lines: (() => string)[] = [];
    for (const name of names) {
      const found = this.index.find(name)!;
      if (isAmbiguous(found) && found.kind !== 'type') throw ambiguous(name, found.entries);
      if (found.kind === 'type') types.want(found.type);
      else if (found.kind === 'variables') {
        for (const each of found.entries) {
          types.want(each.type);
          lines.push(() => inScopes(name, each, this.#variableText(each, types)));
        }
      } else {
        for (const each of found.entries) {
          for (const type of [each.result, ...each.parameters]) types.want(type);
          lines.push(() => inScopes(name, each, this.#functionText(each, types)));
        }
      }
    }
    const declarations = declarationsOf(this.parser.split(types.text()));
    for (const line of lines) {
      // The parser's own text of it would lack the symbol.
      const text = `${line()}\n`;
      const [declaration] = declarationsOf(this.parser.split(text));
      if (declaration !== undefined) declarations.push({ ...declaration, text, names: declaration.names });
    }
    for (const { key } of declarations) this.#made.add(key);
    return declarations;
  }

  #variableText({ name, type, location, constValue }: DwarfVariable, types: TypeDeclarer): string {
    if (location === undefined) {
      const kind = bareType(type).kind;
      const value =
        kind === 'enum' ? `static_cast<${types.declared(bareType(type), '')}>(${constValue})` : `${constValue}`;
      return `constexpr ${types.declared(bareType(type), name)} = ${value};`;
    }
    return `extern ${types.declared(type, name)} asm("${this.#labelAt(location.offset, name, 'object')}");`;
  }

  #functionText({ name, result, parameters, ranges }: DwarfFunction, types: TypeDeclarer): string {
    const type: DwarfType = { kind: 'function', result, parameters, variadic: false, method: false };
    return `${types.declared(type, name)} asm("${this.#labelAt(ranges[0]!.offset, name, 'func')}");`;
  }

  /** The symbol at an address, or a label that says the address when it is not known everywhere. */
  #labelAt(addr: number, name: string, type: 'object' | 'func'): string {
    const isArm = this.index.elf.machine === 'arm';
    const at = type === 'func' && isArm ? (addr | 1) >>> 0 : addr;
    const symbol = this.index.elf.symbols.find(
      (each) => each.value === at && each.type === type && each.binding !== 'local' && each.section !== 'undefined',
    );
    return symbol?.name ?? placeLabel(at, name);
  }
}

/** What debug information tells; where it is damaged, what clang has said is all there is to say.
 *  @throws `error` */
function undamaged<T>(error: unknown, ask: () => T): T {
  try {
    return ask();
  } catch (cause) {
    throw cause instanceof BarewireError && cause.code.startsWith('DWARF_') ? error : cause;
  }
}

/** What clang says, when an input does not compile. */
function wordsOf(error: unknown): string | undefined {
  if (!(error instanceof BarewireError)) return undefined;
  return error.code === 'COMPILE_FAILED' || error.code === 'COMPILE_PRELUDE' ? error.message : undefined;
}

const MISSING =
  /(?:use of undeclared identifier|unknown type name|no (?:member|type|template) named|incomplete (?:definition of )?type|incomplete type) '(?:const |volatile |struct |class |enum )*([\w:]+)(?: \[[^\]]*\])?'(?: in namespace '([\w:]+)')?/g;

/** Chains of names in a text that begin with `space`. */
function chainsIn(text: string, space: string): string[] {
  const chains = text.matchAll(/(?<![\w:])(?:::)?\s*([A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)+)/g);
  return [...chains]
    .map(([, chain = '']) => chain.replace(/\s/g, ''))
    .filter((chain) => chain.startsWith(`${space}::`));
}

/** The longest start of a chain that is a name of the firmware. */
function longestKnown(names: FirmwareDeclarations, chain: string): string | undefined {
  const parts = chain.split('::');
  for (let count = parts.length; count > 0; count--) {
    const name = parts.slice(0, count).join('::');
    if (names.knows(name)) return name;
  }
  return undefined;
}

/** Text within the namespaces of the name it was asked for by. */
function inScopes(
  asked: string,
  { scopes, unitName, name }: Pick<DwarfVariable, 'scopes' | 'unitName' | 'name'>,
  text: string,
): string {
  const byFile = asked === `${fileNamespace(unitName)}::${name}`;
  const spaces = byFile
    ? [fileNamespace(unitName)]
    : scopes.flatMap((scope) => (scope.kind === 'namespace' && scope.name !== undefined ? [scope.name] : []));
  return `${spaces.map((space) => `namespace ${space} { `).join('')}${text}${' }'.repeat(spaces.length)}`;
}

function ambiguous(name: string, entries: readonly (DwarfVariable | DwarfFunction)[]): BarewireError {
  const plain = entries[0]!.name;
  const places = entries.map(({ unitName, line }) => {
    const file = unitName.replace(/^.*[/\\]/, '');
    return `  ${fileNamespace(unitName)}::${plain}   ${file}${line === undefined ? '' : `:${line}`}`;
  });
  return new BarewireError(
    'SESSION_AMBIGUOUS_NAME',
    `${entries.length} things in the firmware are called ${name}; say which:\n${places.join('\n')}`,
    { name, files: entries.map(({ unitName }) => unitName) },
  );
}
