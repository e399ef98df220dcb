// What the rest of barewire knows of an input's text: plain data, no syntax tree. All offsets count UTF-16 units
// into `text`, as JavaScript strings do.

/** `incomplete`: another line may complete it. `invalid`: no line will; clang says why. */
export type Completeness = 'complete' | 'incomplete' | 'invalid';

export type ItemKind =
  | 'directive'
  | 'declaration'
  | 'function'
  | 'type'
  | 'template'
  | 'using'
  | 'namespace'
  | 'statement'
  | 'expression';

/** One input, split. */
export interface SourceUnit {
  readonly text: string;
  /** In source order; a trailing expression is not among them. */
  readonly items: readonly Item[];
  /** The last expression when it has no `;`: its value is shown. */
  readonly trailing: Trailing | undefined;
}

/** One declaration, statement or preprocessor line. */
export interface Item {
  readonly kind: ItemKind;
  readonly start: number;
  readonly end: number;
  /** Names it declares. */
  readonly names: readonly string[];
  /** What changes before clang sees it. */
  readonly edits: readonly Edit[];
  /** What later inputs see of it. */
  readonly declares: readonly DeclarationPlan[];
  /** Functions it defines that calls from other inputs really call. */
  readonly functions: readonly DefinedFunction[];
  /** Where a statement says `return`, which it cannot outside of a function. */
  readonly returnsAt?: number | undefined;
}

export interface DefinedFunction {
  /** Without what qualifies it: `get` for `P::get`. */
  readonly name: string;
  /** Where the definition starts. */
  readonly offset: number;
}

export interface Trailing {
  readonly start: number;
  readonly end: number;
  /** A string literal: shown as the pointer it decays to. */
  readonly literal: boolean;
  readonly edits?: readonly Edit[];
}

/** Blanks out `[offset, offset + length)`, then puts `insert` there; columns behind it stay the user's. */
export interface Edit {
  readonly offset: number;
  readonly length: number;
  readonly insert: string;
}

/** A declaration whose text may depend on what the compiler made of it. */
export interface DeclarationPlan {
  readonly key: string;
  readonly names: readonly string[];
  readonly text: string | VariablePlan;
  /** Stating it twice is an error: types, templates, bodies, default arguments. */
  readonly once: boolean;
  /** Has default arguments, which a declaration without them must not replace. */
  readonly defaults?: boolean;
  /** Namespaces and linkage specifications around it, outermost first: `namespace co`, `extern "C"`. */
  readonly scopes: readonly string[];
}

/** A variable whose type only the compiler knows, or that may be no variable at all. */
export interface VariablePlan {
  /** Name with its namespaces: `co::x`. */
  readonly name: string;
  /** Name alone. */
  readonly declarator: string;
  /** Text when nobody knows the type. */
  readonly fallback: string;
  /** `deduced`: the type must be asked for. `template`: only if it turns out to be deduced from arguments.
   *  `doubtful`: an expression or a prototype may look the same. */
  readonly doubt: 'deduced' | 'template' | 'pointer' | 'prototype' | 'expression';
}
