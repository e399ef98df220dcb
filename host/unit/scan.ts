// The lexical skeleton of an input: tokens with their bracket depth, preprocessor lines, and what is left open at
// the end. It is what the parser is not: exact on text that is not yet C++.

/** One token outside preprocessor lines. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly kind: 'word' | 'number' | 'string' | 'char' | 'punctuation';
  /** Brackets around it; an opening and its closing bracket have the same depth. */
  readonly depth: number;
}

/** One preprocessor line with its continuation lines, without the last newline. */
export interface Directive {
  readonly start: number;
  readonly end: number;
  /** `include`, `if`, … */
  readonly name: string;
  /** Brackets around it. */
  readonly depth: number;
}

export interface Scan {
  readonly tokens: readonly Token[];
  readonly directives: readonly Directive[];
  /** What the end of the text leaves open. */
  readonly open: ReadonlySet<'comment' | 'string' | 'raw string' | 'bracket' | 'conditional' | 'line'>;
  /** A bracket closes what was not open, or a string ends at a line end before the last line. */
  readonly broken: boolean;
}

const WORD = /[\p{L}\p{Nl}\p{Emoji_Presentation}_$][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Emoji_Presentation}_$]*/uy;
const NUMBER = /\.?\d(?:[eEpP][+-]|'(?=[\p{L}\p{Nd}])|[\p{L}\p{Nd}_.])*/uy;
const RAW = /(?:u8|[uUL])?R"([^ ()\\\t\v\f\n]{0,16})\(/y;
const STRING = /(?:u8|[uUL])?"(?:[^"\\\n\r]|\\(?:\r\n|[\s\S]))*("?)/y;
const CHAR = /(?:u8|[uUL])?'(?:[^'\\\n\r]|\\(?:\r\n|[\s\S]))*('?)/y;
const LINE_COMMENT = /\/\/(?:\\(?:\r\n|[\s\S])|[^\n\r\\])*/y;
const SPACE = /(?:\s|\\\r?\n)+/y;
const PUNCTUATION = /<=>|<<=|>>=|\.\.\.|->\*|::|->|\+\+|--|<<|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|\.\*|[\s\S]/uy;
const CLOSES: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Splits a text into tokens. Never throws. */
export function scan(text: string): Scan {
  const tokens: Token[] = [];
  const directives: Directive[] = [];
  const open = new Set<'comment' | 'string' | 'raw string' | 'bracket' | 'conditional' | 'line'>();
  const brackets: string[] = [];
  /** Brackets at each open `#if`: what its branches open and close counts once. */
  const conditionals: string[][] = [];
  let broken = false;
  let atLineStart = true;
  let at = 0;

  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text) ?? undefined;
  };
  const push = (kind: Token['kind'], length: number, depth = brackets.length): void => {
    tokens.push({ start: at, end: at + length, kind, depth });
    at += length;
    atLineStart = false;
  };

  while (at < text.length) {
    const space = match(SPACE)?.[0];
    if (space !== undefined) {
      if (/[\n\r]/.test(space)) atLineStart = true;
      at += space.length;
      continue;
    }
    if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      if (end < 0) open.add('comment');
      at = end < 0 ? text.length : end + 2;
      continue;
    }
    if (text.startsWith('//', at)) {
      at += match(LINE_COMMENT)?.[0].length ?? 2;
      continue;
    }
    if (atLineStart && text[at] === '#') {
      const end = directiveEnd(text, at);
      const name = /^#\s*(\w*)/.exec(text.slice(at, end))?.[1] ?? '';
      directives.push({ start: at, end, name, depth: brackets.length });
      const isIf = /^(if|ifdef|ifndef)$/.test(name);
      if (isIf) conditionals.push([...brackets]);
      if (/^el(se|if|ifdef|ifndef)$/.test(name))
        brackets.splice(0, brackets.length, ...(conditionals.at(-1) ?? brackets));
      if (name === 'endif') conditionals.pop();
      if (hasOpenComment(text.slice(at, end))) open.add('comment');
      const isDead = isIf && /^#\s*if\s+(?:0|false)\s*(?:\/[/*].*)?$/.test(text.slice(at, end));
      at = isDead ? deadEnd(text, end) : end;
      atLineStart = true;
      continue;
    }
    const raw = match(RAW);
    if (raw !== undefined) {
      const closing = `)${raw[1]}"`;
      const end = text.indexOf(closing, at + raw[0].length);
      if (end < 0) open.add('raw string');
      push('string', (end < 0 ? text.length : end + closing.length) - at);
      continue;
    }
    const quoted = match(STRING) ?? match(CHAR);
    if (quoted !== undefined) {
      const length = quoted[0].length;
      if (quoted[1] === '') {
        if (at + length < text.length) broken = true;
        else open.add('string');
      }
      push(quoted[0].includes('"') && !/^\w*'/.test(quoted[0]) ? 'string' : 'char', length);
      continue;
    }
    const number = match(NUMBER)?.[0];
    if (number !== undefined) {
      push('number', number.length);
      continue;
    }
    const word = match(WORD)?.[0];
    if (word !== undefined) {
      push('word', word.length);
      continue;
    }
    const mark = match(PUNCTUATION)?.[0] ?? ' ';
    const opening = CLOSES[mark];
    if (opening !== undefined) {
      if (brackets.at(-1) === opening) brackets.pop();
      else broken = true;
    }
    push('punctuation', mark.length);
    if (mark === '(' || mark === '[' || mark === '{') brackets.push(mark);
  }
  if (brackets.length > 0) open.add('bracket');
  if (conditionals.length > 0) open.add('conditional');
  if (/\\[ \t]*\r?\n?$/.test(text) && !/\n[ \t]*\n$/.test(text)) open.add('line');
  return { tokens, directives, open, broken };
}

/** End of a preprocessor line: the first newline that no backslash and no comment carries on. */
function directiveEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const char = text[at];
    if (char === '\n' || char === '\r') break;
    if (text.startsWith('//', at)) {
      LINE_COMMENT.lastIndex = at;
      at += LINE_COMMENT.exec(text)?.[0].length ?? 2;
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      at = end < 0 ? text.length : end + 2;
    } else if (char === '\\') at += text.startsWith('\r\n', at + 1) ? 3 : 2;
    else if (char === '"') {
      STRING.lastIndex = at;
      at += STRING.exec(text)?.[0].length ?? 1;
    } else at++;
  }
  return Math.min(at, text.length);
}

/** Start of the line that ends the branch behind `#if 0`, which may hold anything; the end of the text if none does. */
function deadEnd(text: string, start: number): number {
  let depth = 0;
  for (const { 0: line, 1: name, index } of text.slice(start).matchAll(/^[ \t]*#[ \t]*(\w+)/gm)) {
    if (/^if/.test(name ?? '')) depth++;
    else if (depth === 0 && /^(?:endif|el)/.test(name ?? '')) return start + index + line.indexOf('#');
    else if (name === 'endif') depth--;
  }
  return text.length;
}

function hasOpenComment(line: string): boolean {
  return line.lastIndexOf('/*') > line.lastIndexOf('*/') && !/\/\/.*\/\*/.test(line);
}
