// One item's syntax tree → what clang sees of it and what later inputs see of it.
//
//   typed                          composed                         seen later
//   static int f(int a) {…}        int f(int a) {…}               int f(int a) ;
//   int n = 3;                     int n = 3;                       extern int n;
//   const int k = 5;               inline const int k = 5;          inline const int k = 5;
//   auto g = [](int a) {…};        inline auto g = …                inline auto g = …
//   struct P {…} p = {1};          as typed                         struct P {…}; extern P p;
//   S::S() {…}, statements         as typed                         nothing
//
// `inline` goes as `static` does: the optimizer inlines within an input as it likes, and calls from later inputs are
// real, so that a function typed again is the new one everywhere (host/session/revise.ts).

import type { Node } from 'web-tree-sitter';
import {
  type Declarator,
  declaratorsOf,
  hasDefaults,
  innermost,
  isConstant,
  namedChildren,
  readDeclarator,
  signature,
} from './declarators.js';
import { captureEdits, outerLambdas } from './lambdas.js';
import {
  enumerators,
  hasCall,
  isDeduced,
  isNamelessAssignment,
  lastName,
  leadingAttributes,
  type Specifiers,
  specifiersOf,
  textWithout,
  textWithTypeName,
  typedefNames,
  typeTextOf,
  withSemicolon,
  withSemicolonUnlessBody,
  withWords,
} from './node-text.js';
import { planVariable } from './plan-variable.js';
import type { DeclarationPlan, DefinedFunction, Edit, ItemKind, VariablePlan } from './source-unit.js';
import { functionEdits, returnIn } from './statements.js';

/** What an item comes to. */
export interface Analysis {
  readonly kind: ItemKind;
  readonly names: readonly string[];
  readonly edits: readonly Edit[];
  readonly declares: readonly DeclarationPlan[];
  readonly functions: readonly DefinedFunction[];
  readonly returnsAt?: number | undefined;
}

/** Name that an anonymous namespace gets, so that later inputs can link to what is in it. */
const LOCAL_NAMESPACE = '__bw_local';
/** Starts the name that the type of `struct {…} s;` gets. */
const UNNAMED = '__bw_unnamed_';
const BODIES = new Set(['struct_specifier', 'class_specifier', 'union_specifier', 'enum_specifier']);
/** Starts the name of the object that structured bindings are parts of. */
const BOUND = 'bw__bound_';
/** For what is initialised when the input runs: `weak`, or later inputs take it for the zeros it starts as. */
const WEAK_INLINE = '__attribute__((weak)) inline';
const USED_INLINE = `__attribute__((used)) ${WEAK_INLINE}`;

/** Analyses one node of an item.
 *  @param base offset of the tree's text in the input
 *  @param scopes namespaces and linkage specifications around it */
export function analyse(node: Node, base: number, scopes: readonly string[] = []): Analysis {
  return new Analyser(base, scopes).analyse(node);
}

class Analyser {
  readonly #names: string[] = [];
  readonly #edits: Edit[] = [];
  readonly #declares: DeclarationPlan[] = [];
  readonly #functions: DefinedFunction[] = [];
  readonly #prefix: string;

  constructor(
    private readonly base: number,
    private readonly scopes: readonly string[],
  ) {
    this.#prefix = scopes
      .map((scope) => /namespace (.+)$/.exec(scope)?.[1])
      .filter((name) => name !== undefined)
      .map((name) => `${name}::`)
      .join('');
  }

  analyse(node: Node): Analysis {
    const kind = this.#item(node);
    const found = kind === 'statement' ? returnIn(node) : undefined;
    return {
      kind,
      names: this.#names,
      edits: this.#edits,
      declares: this.#declares,
      functions: this.#functions,
      ...(found !== undefined && { returnsAt: this.base + found.startIndex }),
    };
  }

  #item(node: Node): ItemKind {
    switch (node.type) {
      case 'function_definition':
      case 'inline_method_definition':
        return this.#function(node);
      case 'declaration':
      case 'field_declaration':
        return this.#declaration(node);
      case 'struct_specifier':
      case 'class_specifier':
      case 'union_specifier':
      case 'enum_specifier':
        return this.#type(node);
      case 'type_definition':
        this.#add(
          `type ${this.#prefix}${typedefNames(node).join(',')}`,
          withSemicolon(node.text),
          true,
          typedefNames(node),
        );
        this.#names.push(...typedefNames(node));
        return 'type';
      case 'alias_declaration':
      case 'concept_definition':
        this.#addNamed('type', node, true);
        return node.type === 'alias_declaration' ? 'using' : 'template';
      case 'using_declaration':
        this.#add(node.text, withSemicolon(node.text), false);
        return 'using';
      case 'namespace_alias_definition':
        this.#addNamed('namespace', node, false);
        return 'namespace';
      case 'template_declaration':
        return this.#template(node);
      case 'namespace_definition':
        return this.#namespace(node);
      case 'linkage_specification':
        return this.#linkage(node);
      case 'expression_statement':
        return this.#expression(node);
      case 'static_assert_declaration':
      case 'template_instantiation':
        return 'declaration';
      default:
        this.#edits.push(...functionEdits(node, this.base));
        return 'statement';
    }
  }

  #function(node: Node): ItemKind {
    const declaratorNode = node.childForFieldName('declarator');
    const body = node.childForFieldName('body') ?? namedChildren(node).at(-1);
    if (declaratorNode === null || body === undefined || body === null) return 'function';
    const declarator = readDeclarator(declaratorNode);
    const layer = declarator.layers.find((each) => each.type === 'function_declarator');
    const specifiers = specifiersOf(node);
    const kept =
      specifiers.words.some((word) => /^(constexpr|consteval)$/.test(word)) ||
      (layer !== undefined && !declarator.qualified && isDeduced(node, layer));
    const name = declarator.name?.text ?? '';
    const said = specifiers.words.some((word) => /^(inline|constexpr|consteval|__inline|__inline__)$/.test(word));
    const addInline = kept && !said;
    if (addInline) this.#insert(node, 'inline');
    if (!kept) this.#functions.push({ name: lastName(declarator.name), offset: this.base + node.startIndex });
    const dropped = kept ? specifiers.statics : [...specifiers.statics, ...specifiers.inlines];
    this.#blank(declarator.qualified ? specifiers.inlines : dropped);
    if (declarator.qualified || layer === undefined || name === '') return 'function';

    this.#names.push(name);
    const key = this.#cLinkage() ? `function ${name}` : `function ${this.#prefix}${name}${signature(layer)}`;
    const text = kept
      ? addInline
        ? withWords('inline', textWithout(node, dropped))
        : textWithout(node, dropped)
      : `${textWithout(node, dropped, body.startIndex)};`;
    const defaults = hasDefaults(layer);
    this.#declares.push({
      key,
      names: [name],
      text,
      once: kept || defaults,
      ...(defaults && { defaults }),
      scopes: this.scopes,
    });
    return 'function';
  }

  #declaration(node: Node): ItemKind {
    if (isNamelessAssignment(node)) return 'expression';
    const type = node.childForFieldName('type');
    const declarators = declaratorsOf(node).map(readDeclarator);
    const [first] = declarators;
    if (first === undefined || type === null) return 'declaration';
    const specifiers = specifiersOf(node);
    const [binding] = node.descendantsOfType('structured_binding_declarator');
    if (binding && declaratorsOf(node).length === 1) return this.#bindings(node, type, binding, specifiers);
    const isExtern = specifiers.words.includes('extern');
    const constant = specifiers.words.includes('constexpr');
    const specifierConst = specifiers.words.includes('const');
    const captures = captureEdits(node, this.base, false);
    this.#edits.push(...captures);
    const inTree = captures.map((edit) => ({ ...edit, offset: edit.offset - this.base }));
    // The type of a lambda is that of this very place: later inputs see it too.
    const isLambda =
      type.type === 'placeholder_type_specifier' &&
      declarators.some((each) => each.value !== undefined && outerLambdas(each.value).length > 0);
    const isFunction = (each: Declarator): boolean =>
      innermost(each)?.type === 'function_declarator' && each.value === undefined;

    if (declarators.every(isFunction)) return this.#prototypes(node, type, declarators, specifiers);
    if (declarators.some((each) => each.qualified)) return 'declaration';
    if (isExtern && declarators.every((each) => each.value === undefined)) {
      const names = declarators.map((each) => each.name?.text ?? '');
      this.#names.push(...names);
      this.#add(
        `variable ${names.map((name) => this.#prefix + name).join(',')}`,
        withSemicolon(node.text),
        false,
        names,
      );
      return 'declaration';
    }
    this.#blank(specifiers.statics);
    const body = BODIES.has(type.type) ? type.childForFieldName('body') : null;
    const isType = body !== null;
    const unnamed = isType && type.childForFieldName('name') === null;
    const typeName = unnamed ? `${UNNAMED}${first.name?.text ?? ''}` : type.childForFieldName('name')?.text;
    if (unnamed) {
      // Types without a name differ in each input that sees them: this one gets one.
      this.#edits.push({ offset: this.base + body.startIndex, length: 0, insert: typeName ?? '' });
      const text = `${type.text.slice(0, body.startIndex - type.startIndex)} ${typeName} ${body.text};`;
      this.#add(`type ${this.#prefix}${typeName}`, text, true, [typeName ?? '']);
    } else if (isType) this.#type(type);

    const inlined =
      constant ||
      isLambda ||
      declarators.some((each) => isConstant(each, specifierConst) && each.value?.type !== undefined);
    if (inlined) {
      // With -fincremental-extensions clang leaves constants out that nothing uses, also `extern` ones.
      this.#blank(specifiers.externs);
      const plain = constant || (type.type === 'primitive_type' && !declarators.some((each) => hasCall(each.value)));
      if (!specifiers.words.includes('inline')) this.#insert(node, plain ? 'inline' : USED_INLINE);
      const names = declarators.map((each) => each.name?.text ?? '');
      this.#names.push(...names);
      const text = withSemicolon(
        isType
          ? textWithTypeName(node, type, typeName)
          : textWithout(node, [...specifiers.statics, ...specifiers.externs], node.endIndex, inTree),
      );
      const inline = specifiers.words.includes('inline') ? text : withWords(plain ? 'inline' : WEAK_INLINE, text);
      if (names.length === 1 || isType) {
        this.#add(`variable ${names.map((name) => this.#prefix + name).join(',')}`, inline, true, names);
        return 'declaration';
      }
      const head = inline.slice(0, inline.length - (node.endIndex - (declaratorsOf(node)[0]?.startIndex ?? 0)));
      for (const each of declaratorsOf(node)) {
        const name = readDeclarator(each).name?.text ?? '';
        this.#add(`variable ${this.#prefix}${name}`, `${head}${each.text};`, true, [name]);
      }
      return 'declaration';
    }
    this.#blank(specifiers.inlines);

    const head = typeTextOf(node, type, first, isType ? typeName : undefined);
    const deducedType = type.type === 'placeholder_type_specifier' || /\bauto\b/.test(head);
    for (const each of declarators) {
      if (each.name === undefined) continue;
      const name = each.name.text;
      this.#names.push(name);
      if (isFunction(each)) {
        this.#add(
          `function ${this.#prefix}${name}${signature(innermost(each) as Node)}`,
          `${head} ${each.node.text};`,
          false,
          [name],
        );
        continue;
      }
      const text = planVariable(each, this.#prefix, head, type, deducedType);
      this.#declares.push({
        key: `variable ${this.#prefix}${name}`,
        names: [name],
        text,
        once: false,
        scopes: this.scopes,
      });
    }
    return 'declaration';
  }

  /** `T(x);` looks like a call, and defines `x` if `T` is a type: the object tells. */
  #expression(node: Node): ItemKind {
    const call = node.namedChild(0);
    const [argument, ...more] =
      call?.type === 'call_expression' ? namedChildren(call.childForFieldName('arguments')) : [];
    this.#edits.push(...functionEdits(node, this.base));
    if (argument?.type === 'identifier' && more.length === 0) {
      const name = argument.text;
      const text: VariablePlan = { name, declarator: name, fallback: '', doubt: 'expression' };
      this.#declares.push({ key: `variable ${name}`, names: [name], text, once: false, scopes: this.scopes });
    }
    return 'expression';
  }

  /** `auto [a, b] = f();` as `auto o = f(); static auto &[a, b] = o;`, of which later inputs see all but `f()`. */
  #bindings(node: Node, type: Node, binding: Node, { statics, words }: Specifiers): ItemKind {
    const names = namedChildren(binding).map((child) => child.text);
    const object = `${BOUND}${names.join('_')}`;
    const isReference = /&\s*$/.test(node.text.slice(0, binding.startIndex - node.startIndex));
    const constants = namedChildren(node).filter((child) => child.type === 'type_qualifier' && child.text === 'const');
    this.#blank(isReference ? statics : [...statics, ...constants]);
    this.#edits.push({ offset: this.base + binding.startIndex, length: binding.text.length, insert: object });
    const kind = words.includes('const') ? 'const ' : '';
    const bound = `static ${kind}auto &[${names.join(', ')}] = ${object};`;
    this.#edits.push({ offset: this.base + node.endIndex, length: 0, insert: bound });
    const value = node.text.slice(binding.endIndex - node.startIndex).replace(/^\s*=\s*|\s*;\s*$/g, '');
    const plan: VariablePlan = {
      name: this.#prefix + object,
      declarator: object,
      fallback: `extern std::decay_t<decltype(${value.replace(/^[({]|[)}]$/g, '')})> ${object};`,
      doubt: 'deduced',
    };
    const key = `variable ${this.#prefix}${object}`;
    this.#declares.push({ key, names: [object], text: plan, once: false, scopes: this.scopes });
    this.#names.push(...names);
    this.#add(`bindings ${this.#prefix}${names.join(',')}`, bound, true, names);
    return type === null ? 'statement' : 'declaration';
  }

  /** `int f(int);`, which may also be a variable: `P p(x);`. */
  #prototypes(node: Node, type: Node, declarators: readonly Declarator[], specifiers: Specifiers): ItemKind {
    this.#blank(specifiers.statics);
    const [first] = declarators;
    if (first === undefined) return 'declaration';
    const head = typeTextOf(node, type, first, undefined, true);
    for (const each of declarators) {
      const layer = innermost(each);
      if (each.name === undefined || layer === undefined || each.qualified) continue;
      const name = each.name.text;
      this.#names.push(name);
      const defaults = hasDefaults(layer);
      const text = `${head} ${each.node.text};`;
      const doubtful = /^\(\w+(,\w+)*\)$/.test(signature(layer)) && type.type !== 'primitive_type';
      this.#declares.push({
        key: this.#cLinkage() ? `function ${name}` : `function ${this.#prefix}${name}${signature(layer)}`,
        names: [name],
        text: doubtful ? { name: this.#prefix + name, declarator: name, fallback: text, doubt: 'prototype' } : text,
        once: defaults,
        ...(defaults && { defaults }),
        scopes: this.scopes,
      });
    }
    return 'declaration';
  }

  #type(node: Node): ItemKind {
    const name = node.childForFieldName('name')?.text;
    if (name === undefined) {
      // An unnamed enumeration's constants.
      if (node.type === 'enum_specifier') {
        const constants = enumerators(node);
        this.#names.push(...constants);
        this.#add(`enum ${constants.join(',')}`, `${node.text};`, true, constants);
      }
      return 'type';
    }
    this.#names.push(name);
    if (name.includes('::')) return 'type';
    const defined = node.childForFieldName('body') !== null;
    const constants = enumerators(node);
    this.#names.push(...constants);
    this.#add(`${defined ? 'type' : 'forward'} ${this.#prefix}${name}`, `${node.text};`, defined, [name, ...constants]);
    return 'type';
  }

  #template(node: Node): ItemKind {
    const inner = namedChildren(node).at(-1);
    const declaratorNode = inner?.childForFieldName('declarator') ?? null;
    const declarator = declaratorNode === null ? undefined : readDeclarator(declaratorNode);
    const name = declarator?.name?.text ?? inner?.childForFieldName('name')?.text ?? '';
    if (name !== '') this.#names.push(name);
    const layer = declarator?.layers.find((each) => each.type === 'function_declarator');
    const parameters = (node.childForFieldName('parameters')?.text ?? '<>').replace(/\s+/g, ' ');
    const kind = layer === undefined ? 'type' : 'function';
    const defined =
      inner !== undefined &&
      (inner.childForFieldName('body') !== null || kind === 'type' || inner.type === 'function_definition');
    const unique = kind === 'function' || /^<\s*>$/.test(parameters) || name.includes('<');
    const key = `${kind} ${this.#prefix}${name}${unique ? parameters : ''}${layer === undefined ? '' : signature(layer)}`;
    if (/^<\s*>$/.test(parameters) && inner !== undefined && declarator !== undefined) {
      if (inner.type === 'function_definition' && layer !== undefined) {
        this.#functionSpecialisation(node, inner, layer, declarator, key);
        return 'template';
      }
      if (inner.type === 'declaration' && layer === undefined) {
        this.#variableSpecialisation(node, inner, declarator);
        return 'template';
      }
    }
    this.#add(defined ? key : `forward ${key}`, withSemicolonUnlessBody(node.text), defined, name === '' ? [] : [name]);
    return 'template';
  }

  /** `template <> int f(int a) {…}` is a function like others, that only its template makes known. */
  #functionSpecialisation(node: Node, inner: Node, layer: Node, { name }: Declarator, key: string): void {
    const { words, inlines } = specifiersOf(inner);
    const body = inner.childForFieldName('body');
    const last = lastName(name);
    const inline = words.some((word) => /^(inline|constexpr|consteval|__inline|__inline__)$/.test(word));
    const head = node.text.slice(0, inner.startIndex - node.startIndex);
    if (body === null || isDeduced(inner, layer) || words.some((word) => /^(constexpr|consteval)$/.test(word))) {
      if (!inline) this.#insert(inner, 'inline');
      this.#add(key, `${head}${inline ? '' : 'inline '}${withSemicolonUnlessBody(inner.text)}`, true, [last]);
      return;
    }
    this.#blank(inlines);
    this.#functions.push({ name: last, offset: this.base + inner.startIndex });
    this.#add(key, `${head}${textWithout(inner, inlines, body.startIndex)};`, false, [last]);
  }

  /** `template <> int S<int>::count = 3;` is defined once, and so is `template <> int v<int> = 3;`, which cannot be
   *  declared only. */
  #variableSpecialisation(node: Node, inner: Node, declarator: Declarator): void {
    const { words, inlines } = specifiersOf(inner);
    const head = node.text.slice(0, inner.startIndex - node.startIndex);
    const key = `variable ${this.#prefix}${declarator.name?.text ?? ''}<>`;
    const names = [declarator.name?.text ?? ''];
    const constant = words.some((word) => /^(const|constexpr|constinit)$/.test(word));
    if (!isTemplateName(declarator.name) && !constant) {
      const end = declarator.node.endIndex - inner.startIndex;
      this.#add(key, `${head}${inner.text.slice(0, end)};`, false, names);
      return;
    }
    if (constant) {
      this.#add(key, withSemicolon(node.text), true, names);
      return;
    }
    this.#blank(inlines);
    this.#insert(inner, USED_INLINE);
    this.#add(key, `${head}${WEAK_INLINE} ${textWithout(inner, inlines)}`, true, names);
  }

  #namespace(node: Node): ItemKind {
    const nameNode = node.childForFieldName('name');
    const body = node.childForFieldName('body');
    if (body === null) return 'namespace';
    const words = node.text.slice(0, (nameNode ?? body).startIndex - node.startIndex);
    const inline = /\binline\b/.test(words);
    if (nameNode === null) {
      if (!inline) this.#insert(node, 'inline');
      this.#edits.push({ offset: this.base + body.startIndex, length: 0, insert: LOCAL_NAMESPACE });
    } else this.#names.push(nameNode.text);
    const scope = `${inline || nameNode === null ? 'inline ' : ''}namespace ${nameNode?.text ?? LOCAL_NAMESPACE}`;
    this.#inner(body, scope);
    return 'namespace';
  }

  #linkage(node: Node): ItemKind {
    const body = node.childForFieldName('body');
    const language = node.childForFieldName('value')?.text ?? '"C"';
    if (body === null) return 'declaration';
    const scope = `extern ${language}`;
    if (body.type === 'declaration_list') {
      this.#inner(body, scope);
      return 'declaration';
    }
    // In `extern "C" int x;` the whole is a declaration, in braces it would be a definition.
    const inner = analyse(body, this.base, [...this.scopes, scope]);
    this.#names.push(...inner.names);
    // What goes before the inner declaration goes before `extern` as well, but for a specifier.
    this.#edits.push(
      ...inner.edits.map((edit) =>
        edit.offset === this.base + body.startIndex && edit.length === 0 && !edit.insert?.includes('inline')
          ? { ...edit, offset: this.base + node.startIndex }
          : edit,
      ),
    );
    this.#declares.push(...inner.declares);
    this.#functions.push(
      ...inner.functions.map((each) =>
        each.offset === this.base + body.startIndex ? { ...each, offset: this.base + node.startIndex } : each,
      ),
    );
    return inner.kind;
  }

  #inner(body: Node, scope: string): void {
    for (const child of namedChildren(body)) {
      if (child.type === 'comment') continue;
      if (child.type.startsWith('preproc')) {
        this.#add(child.text.trim(), `${child.text.trimEnd()}\n`, false);
        continue;
      }
      const inner = analyse(child, this.base, [...this.scopes, scope]);
      this.#names.push(...inner.names);
      this.#edits.push(...inner.edits);
      this.#declares.push(...inner.declares);
      this.#functions.push(...inner.functions);
    }
  }

  #blank(nodes: readonly Node[]): void {
    for (const each of nodes)
      this.#edits.push({ offset: this.base + each.startIndex, length: each.text.length, insert: '' });
  }

  #insert(node: Node, insert: string): void {
    const offset = this.base + node.startIndex + leadingAttributes(node.text).length;
    this.#edits.push({ offset, length: 0, insert });
  }

  #addNamed(kind: string, node: Node, once: boolean): void {
    const name = node.childForFieldName('name')?.text ?? node.text;
    this.#names.push(name);
    this.#add(`${kind} ${this.#prefix}${name}`, withSemicolon(node.text), once, [name]);
  }

  #add(key: string, text: string, once: boolean, names: readonly string[] = []): void {
    this.#declares.push({ key, names, text, once, scopes: this.scopes });
  }

  #cLinkage(): boolean {
    return this.scopes.includes('extern "C"');
  }
}

/** Whether the last part of a name has template arguments. */
function isTemplateName(name: Node | undefined): boolean {
  let last = name;
  while (last?.type === 'qualified_identifier') last = last.childForFieldName('name') ?? undefined;
  return last?.type === 'template_function' || last?.type === 'template_type';
}
