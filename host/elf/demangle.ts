// Turns a mangled C++ name back into what the user wrote, for messages:
//
//   _ZN2ns3mapIiSsE3addERKiS_      one recursive descent over the text, with two memories:
//     substitutions S_, S0_, …     every prefix and type seen so far, in order
//     template arguments T_, T0_   those of the name that is being read
//
// What messages never show (expressions in template arguments, decltype) is not understood: the name then stays
// as it is. Source: Itanium C++ ABI, chapter 5.1; spelling as LLVM's.

import { BUILTIN_TYPES, EXTENDED_TYPES, LITERAL_SUFFIXES, OPERATORS, STD_SUBSTITUTIONS } from './demangle-tables.js';
import { around, lastComponent, plain, referTo, type Type, textOf } from './demangle-text.js';
import { MangledText, NotUnderstood } from './mangled-text.js';

/** The readable form of a mangled C++ name; `name` itself when it is not mangled or not understood. */
export function demangle(name: string): string {
  if (!name.startsWith('_Z')) return name;
  const dot = name.indexOf('.', 2);
  const parser = new Demangler(dot < 0 ? name : name.slice(0, dot));
  try {
    const text = parser.wholeName();
    return dot < 0 ? text : `${text} (${name.slice(dot)})`;
  } catch (error) {
    if (error instanceof NotUnderstood) return name;
    throw error;
  }
}

interface Name {
  readonly text: string;
  /** The last component has template arguments: a function then mangles its return type. */
  readonly isTemplate: boolean;
  /** Constructor, destructor or conversion: no return type even then. */
  readonly isSpecial: boolean;
  /** ` const`, ` &&` of a member function. */
  readonly qualifiers: string;
}

const MAX_DEPTH = 200;

class Demangler extends MangledText {
  private depth = 0;
  private readonly substitutions: Type[] = [];
  private templateArgs: readonly Type[] = [];
  private packIndex: number | undefined;
  private packSize: number | undefined;

  wholeName(): string {
    this.expect('_Z');
    const result = this.encoding();
    if (this.at !== this.text.length) throw new NotUnderstood();
    return result;
  }

  private remember<T extends Type>(type: T): T {
    this.substitutions.push(type);
    return type;
  }

  private encoding(): string {
    if (++this.depth > MAX_DEPTH) throw new NotUnderstood();
    const special = this.specialName();
    if (special !== undefined) {
      this.depth--;
      return special;
    }
    const name = this.name();
    let result = name.text;
    if (this.at < this.text.length && this.peek() !== 'E') {
      const returns = name.isTemplate && !name.isSpecial ? this.type() : undefined;
      const parameters = this.parameters();
      const head = `${name.text}(${parameters})${name.qualifiers}`;
      if (returns === undefined) result = head;
      else result = `${returns.left}${returns.right === '' ? ' ' : ''}${head}${returns.right}`;
    }
    this.depth--;
    return result;
  }

  private specialName(): string | undefined {
    for (const [code, words] of Object.entries(SPECIAL_TYPES)) if (this.take(code)) return words + textOf(this.type());
    if (this.take('GV')) return `guard variable for ${this.name().text}`;
    if (this.take('TH')) return `thread-local initialization routine for ${this.name().text}`;
    if (this.take('TW')) return `thread-local wrapper routine for ${this.name().text}`;
    if (this.take('GR')) {
      const name = this.name().text;
      const sequence = this.next(/[0-9A-Z]*_/y) ?? '_';
      const number = sequence === '_' ? 0 : Number.parseInt(sequence, 36) + 1;
      return `reference temporary #${number} for ${name}`;
    }
    if (this.take('TC')) {
      const derived = textOf(this.type());
      this.next(/\d+_/y);
      return `construction vtable for ${textOf(this.type())}-in-${derived}`;
    }
    if (this.next(/Thn?\d+_/y) !== undefined) return `non-virtual thunk to ${this.encoding()}`;
    if (this.next(/Tvn?\d+_n?\d+_/y) !== undefined) return `virtual thunk to ${this.encoding()}`;
    if (this.next(/Tc(h|v)n?\d+_(n?\d+_)?(h|v)n?\d+_(n?\d+_)?/y) !== undefined) {
      return `covariant return thunk to ${this.encoding()}`;
    }
    return undefined;
  }

  private parameters(): string {
    if (this.take('v')) return '';
    const types: string[] = [];
    while (this.at < this.text.length && !/[E.]/.test(this.peek())) {
      if (this.peek() === 'R' || this.peek() === 'O') {
        if (this.text[this.at + 1] === 'E') break;
      }
      const text = textOf(this.type());
      if (text !== '') types.push(text);
    }
    return types.join(', ');
  }

  private name(): Name {
    if (this.take('N')) return this.nestedName();
    if (this.take('Z')) return this.localName();
    if (this.peek() === 'S' && this.text[this.at + 1] !== 't') {
      // A substitution that stands for a template, with its arguments.
      const base = this.substitution();
      return this.withArguments(textOf(base));
    }
    const inStd = this.take('St') ? 'std::' : '';
    const last = this.unqualifiedName('');
    const text = inStd + last.text;
    if (this.peek() !== 'I') return { text, isTemplate: false, isSpecial: last.isSpecial, qualifiers: '' };
    this.remember(plain(text));
    return { ...this.withArguments(text), isSpecial: last.isSpecial };
  }

  private withArguments(text: string): Name {
    if (this.peek() !== 'I') return { text, isTemplate: false, isSpecial: false, qualifiers: '' };
    return { text: text + this.templateArguments(), isTemplate: true, isSpecial: false, qualifiers: '' };
  }

  private nestedName(): Name {
    let qualifiers = '';
    for (const flag of this.next(/[rVK]*/y) ?? '') qualifiers += CV[flag as keyof typeof CV];
    const reference = this.take('R') ? ' &' : this.take('O') ? ' &&' : '';
    // Qualifiers are mangled r V K and spelled const volatile restrict.
    qualifiers = qualifiers.split(' ').reverse().join(' ').trim();
    qualifiers = (qualifiers === '' ? '' : ` ${qualifiers}`) + reference;

    let text = '';
    let lastPart = '';
    let isTemplate = false;
    let isSpecial = false;
    while (!this.take('E')) {
      if (this.at >= this.text.length) throw new NotUnderstood();
      if (this.peek() === 'I') {
        text += this.templateArguments();
        isTemplate = true;
      } else {
        isTemplate = false;
        if (this.peek() === 'S' && this.text[this.at + 1] !== 't') {
          const code = this.text.slice(this.at, this.at + 2);
          text = textOf(this.substitution());
          lastPart = lastComponent(text);
          // A constructor of std::string is spelled with the class template's own name.
          const full = STD_SUBSTITUTIONS[code];
          if (full !== undefined && full.full !== undefined && /[CD]/.test(this.peek())) {
            text = full.full;
            lastPart = lastComponent(full.full);
          }
          continue;
        }
        if (this.peek() === 'T') {
          text = textOf(this.templateParameter());
        } else if (this.take('St')) {
          text = 'std';
          continue;
        } else {
          const part = this.unqualifiedName(lastPart);
          text = text === '' ? part.text : `${text}::${part.text}`;
          lastPart = part.text.replace(/\[abi:.*$/, '');
          isSpecial = part.isSpecial;
        }
      }
      if (this.peek() !== 'E') this.remember(plain(text));
      // A variable whose initialiser the closure that follows stands in.
      this.take('M');
    }
    return { text, isTemplate, isSpecial, qualifiers };
  }

  private localName(): Name {
    const outer = this.encoding();
    this.expect('E');
    if (this.take('s')) {
      this.next(DISCRIMINATOR);
      return { text: `${outer}::string literal`, isTemplate: false, isSpecial: false, qualifiers: '' };
    }
    if (this.take('d')) throw new NotUnderstood();
    const inner = this.name();
    this.next(DISCRIMINATOR);
    return { ...inner, text: `${outer}::${inner.text}` };
  }

  private unqualifiedName(enclosing: string): { text: string; isSpecial: boolean } {
    this.take('L');
    const digits = this.next(/\d+/y);
    if (digits !== undefined) {
      const source = this.text.slice(this.at, this.at + Number(digits));
      if (source.length !== Number(digits)) throw new NotUnderstood();
      this.at += source.length;
      const text = source.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : source;
      return { text: text + this.abiTags(), isSpecial: false };
    }
    if (this.next(/C[1-5]/y) !== undefined) return { text: enclosing + this.abiTags(), isSpecial: true };
    if (this.next(/D[0-5]/y) !== undefined) return { text: `~${enclosing}${this.abiTags()}`, isSpecial: true };
    if (this.take('Ul')) {
      const parameters = this.parameters();
      this.expect('E');
      return { text: `'lambda${this.sequence()}'(${parameters})`, isSpecial: false };
    }
    if (this.take('Ut')) return { text: `'unnamed${this.sequence()}'`, isSpecial: false };
    if (this.take('cv')) return { text: `operator ${textOf(this.type())}`, isSpecial: true };
    if (this.take('li'))
      return {
        text: `operator""${/^\d/.test(this.peek()) ? ' ' : ''}${this.unqualifiedName('').text}`,
        isSpecial: false,
      };
    const operator = OPERATORS[this.text.slice(this.at, this.at + 2)];
    if (operator === undefined) throw new NotUnderstood();
    this.at += 2;
    return { text: `operator${operator}${this.abiTags()}`, isSpecial: false };
  }

  private abiTags(): string {
    let tags = '';
    while (this.take('B')) {
      const length = Number(this.next(/\d+/y) ?? Number.NaN);
      if (!(length > 0)) throw new NotUnderstood();
      tags += `[abi:${this.text.slice(this.at, this.at + length)}]`;
      this.at += length;
    }
    return tags;
  }

  /** The number of an unnamed entity: `_` is the first and has none. */
  private sequence(): string {
    return (this.next(/\d*_/y) ?? '').slice(0, -1);
  }

  private substitution(): Type {
    const standard = STD_SUBSTITUTIONS[this.text.slice(this.at, this.at + 2)];
    if (standard !== undefined) {
      this.at += 2;
      const tags = this.abiTags();
      return tags === '' ? plain(standard.short) : this.remember(plain(standard.short + tags));
    }
    const code = this.next(/S[0-9A-Z]*_/y);
    if (code === undefined) throw new NotUnderstood();
    const index = code === 'S_' ? 0 : Number.parseInt(code.slice(1, -1), 36) + 1;
    const found = this.substitutions[index];
    if (found === undefined) throw new NotUnderstood();
    return found;
  }

  private templateParameter(): Type {
    const code = this.next(/T\d*_/y);
    if (code === undefined) throw new NotUnderstood();
    const found = this.templateArgs[code === 'T_' ? 0 : Number(code.slice(1, -1)) + 1];
    if (found === undefined) throw new NotUnderstood();
    if (found.pack === undefined || this.packIndex === undefined) return found;
    this.packSize = found.pack.length;
    return found.pack[this.packIndex] ?? plain('');
  }

  /** Reads `I…E`, and makes the arguments those that T_ refers to. */
  private templateArguments(): string {
    this.expect('I');
    const args: Type[] = [];
    while (!this.take('E')) args.push(this.templateArgument());
    this.templateArgs = args;
    const texts = args.filter((arg) => arg.pack === undefined || arg.pack.length > 0).map(textOf);
    return `<${texts.join(', ')}>`;
  }

  private templateArgument(): Type {
    if (this.at >= this.text.length) throw new NotUnderstood();
    const outer = this.templateArgs;
    if (this.take('X')) {
      // Of expressions only the name of another argument is understood.
      if (this.peek() !== 'T') throw new NotUnderstood();
      const parameter = this.templateParameter();
      this.expect('E');
      return parameter;
    }
    if (this.take('J')) {
      const pack: Type[] = [];
      while (!this.take('E')) pack.push(this.templateArgument());
      return { left: '', right: '', pack };
    }
    const result = this.take('L') ? plain(this.literal()) : this.type();
    this.templateArgs = outer;
    return result;
  }

  private literal(): string {
    if (this.take('_Z')) {
      const text = this.encoding();
      this.expect('E');
      return `&${text}`.slice(text.endsWith(')') ? 1 : 0);
    }
    const code = this.peek();
    const type = textOf(this.type());
    const digits = this.next(/n?\d*/y) ?? '';
    this.expect('E');
    if (code === 'b') return digits === '0' ? 'false' : 'true';
    if (type === 'std::nullptr_t') return 'nullptr';
    const number = digits.replace('n', '-');
    const suffix = LITERAL_SUFFIXES[code];
    return suffix === undefined ? `(${type})${number}` : number + suffix;
  }

  private type(): Type {
    if (++this.depth > MAX_DEPTH) throw new NotUnderstood();
    const result = this.typeInner();
    this.depth--;
    return result;
  }

  private typeInner(): Type {
    const code = this.peek();
    const builtin = BUILTIN_TYPES[code];
    if (builtin !== undefined) {
      this.at++;
      return plain(builtin);
    }
    const extended = EXTENDED_TYPES[this.text.slice(this.at, this.at + 2)];
    if (extended !== undefined) {
      this.at += 2;
      return plain(extended);
    }
    if (/[rVK]/.test(code)) return this.qualifiedType();
    if (this.take('P')) return this.remember(around(this.type(), '*'));
    if (this.take('R')) return this.remember(referTo(this.type(), '&'));
    if (this.take('O')) return this.remember(referTo(this.type(), '&&'));
    if (this.take('u')) return plain(this.unqualifiedName('').text);
    if (this.take('Dp')) return this.packExpansion();
    if (code === 'F' || this.text.startsWith('DoF', this.at)) return this.remember(this.functionType());
    if (this.take('A')) {
      const size = this.next(/\d*/y) ?? '';
      this.expect('_');
      const element = this.type();
      return this.remember({ left: element.left, right: ` [${size}]${element.right.trimStart()}`, wraps: true });
    }
    if (this.take('M')) {
      const owner = textOf(this.type());
      const member = this.type();
      const star = `${owner}::*`;
      return this.remember(
        member.wraps
          ? { left: `${member.left.trimEnd()} (${star}`, right: `)${member.right}` }
          : plain(`${textOf(member)} ${star}`),
      );
    }
    if (code === 'T') {
      const parameter = this.remember(this.templateParameter());
      return this.peek() === 'I' ? this.remember(plain(textOf(parameter) + this.argumentsInType())) : parameter;
    }
    if (code === 'S' && this.text[this.at + 1] !== 't') {
      const found = this.substitution();
      if (this.peek() !== 'I') return found;
      return this.remember(plain(textOf(found) + this.argumentsInType()));
    }
    if (code === 'D') throw new NotUnderstood();
    const outer = this.templateArgs;
    const name = this.name();
    this.templateArgs = outer;
    return this.remember(plain(name.text));
  }

  private argumentsInType(): string {
    const outer = this.templateArgs;
    const text = this.templateArguments();
    this.templateArgs = outer;
    return text;
  }

  private qualifiedType(): Type {
    const codes = this.next(/r?V?K?/y) ?? '';
    const words = [...codes].reverse().map((code) => CV[code as keyof typeof CV]);
    const inner = this.type();
    const qualifiers = words.join('');
    // On functions and references: behind the parameters; there is no such thing as a const reference.
    if (inner.reference !== undefined) return this.remember(inner);
    return this.remember(
      inner.wraps && inner.right.startsWith('(')
        ? { ...inner, right: inner.right + qualifiers }
        : { ...inner, left: inner.left + qualifiers },
    );
  }

  private functionType(): Type {
    const noexcept = this.take('Do') ? ' noexcept' : '';
    this.expect('F');
    this.take('Y');
    const returns = this.type();
    const parameters = this.parameters();
    const reference = this.take('R') ? ' &' : this.take('O') ? ' &&' : '';
    this.expect('E');
    return { left: `${returns.left} `, right: `(${parameters})${reference}${noexcept}${returns.right}`, wraps: true };
  }

  /** Reads the pattern once for each element of the pack it names. */
  private packExpansion(): Type {
    const start = this.at;
    const outerIndex = this.packIndex;
    const elements: Type[] = [];
    this.packSize = undefined;
    this.packIndex = 0;
    const first = this.type();
    const [end, size, known] = [this.at, this.packSize as number | undefined, this.substitutions.length];
    if (size === undefined) throw new NotUnderstood();
    if (size > 0) elements.push(first);
    for (let i = 1; i < size; i++) {
      this.at = start;
      this.packIndex = i;
      elements.push(this.type());
    }
    this.at = end;
    this.packIndex = outerIndex;
    this.substitutions.length = known;
    return { left: '', right: '', pack: elements };
  }
}

const CV = { r: ' restrict', V: ' volatile', K: ' const' } as const;
const DISCRIMINATOR = /_\d|__\d+_/y;
const SPECIAL_TYPES: Readonly<Record<string, string>> = {
  TV: 'vtable for ',
  TT: 'VTT for ',
  TI: 'typeinfo for ',
  TS: 'typeinfo name for ',
};
