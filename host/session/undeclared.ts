// clang has the last word on what an input means: a variable or function that the object defines and the parser did not
// see (a macro made it, say) is declared all the same, with the type the debug information gives.

import { readDebugInfo } from '../elf/dwarf/debug-info.js';
import type { ObjectFile } from '../elf/object-file.js';
import { externalName, indexOf, isScaffold, isUserStatic } from '../link/object-index.js';
import { typeName } from '../show/type-name.js';
import type { Declaration } from '../unit/declarations.js';
import type { SourceUnit } from '../unit/source-unit.js';

const NAME = /^[A-Za-z_]\w*$/;
/** Types that no other input can say. */
const NAMELESS = /\(lambda\)|\{\.\.\.\}/;

/** Declarations of what `object` defines outside of classes and namespaces and no item of `unit` declares. */
export function undeclared(object: ObjectFile, unit: SourceUnit): Declaration[] {
  return [...undeclaredVariables(object, unit), ...undeclaredFunctions(object, unit)];
}

function undeclaredFunctions(object: ObjectFile, unit: SourceUnit): Declaration[] {
  const known = new Set(unit.items.flatMap((item) => [...item.names, ...item.functions.map(({ name }) => name)]));
  const wanted = new Map<string, string>();
  for (const { name, type, section } of indexOf(object).globals.values()) {
    if (type !== 'func' || typeof section !== 'number' || object.sections[section]?.comdat !== undefined) continue;
    const length = /^_Z(\d+)/.exec(name);
    const plain = length === null ? name : name.slice(length[0].length, length[0].length + Number(length[1]));
    // Members, operators and what stands in namespaces begin otherwise.
    if (NAME.test(plain) && !plain.startsWith('_Z') && !known.has(plain) && !isScaffold(name)) wanted.set(name, plain);
  }
  if (wanted.size === 0) return [];
  return readDebugInfo(object)
    .functions()
    .flatMap((each): Declaration[] => {
      const symbol = each.linkageName ?? each.name;
      const name = wanted.get(symbol);
      if (name === undefined || each.ranges.length === 0) return [];
      const types = each.parameters.map((type) => `std::type_identity_t<${typeName(type)}>`);
      const result = typeName(each.result);
      if (NAMELESS.test(types.join() + result)) return [];
      const text = `std::type_identity_t<${result}> ${name}(${types.join(', ')});`;
      const linkage = symbol === name && name !== 'main' ? `extern "C" ${text}` : text;
      const key = `function ${name}(${each.parameters.map(typeName).join(',')})`;
      return [{ key, text: `${linkage}\n`, names: [name], once: false, defaults: false }];
    });
}

/** Declarations of variables outside of classes and functions that no item of `unit` declares. */
function undeclaredVariables(object: ObjectFile, unit: SourceUnit): Declaration[] {
  const known = new Set(unit.items.flatMap((item) => item.declares.flatMap(({ names }) => names)));
  const { globals, locals } = indexOf(object);
  const found = new Map<string, Declaration>();
  for (const symbol of [...globals.values(), ...locals.filter(({ name }) => isUserStatic(name))]) {
    if (symbol.type !== 'object' || typeof symbol.section !== 'number') continue;
    if (object.sections[symbol.section]?.comdat !== undefined || isScaffold(symbol.name)) continue;
    const plain = externalName(symbol.name) ?? symbol.name;
    // Nested names are found in their namespaces by the parser.
    if (plain.startsWith('_Z') || known.has(plain)) continue;
    const type = readDebugInfo(object).variable(symbol.name)?.type ?? readDebugInfo(object).variable(plain)?.type;
    const text = type === undefined ? '' : typeName(type);
    if (!NAME.test(plain) || text === '' || NAMELESS.test(text)) continue;
    found.set(plain, {
      key: `variable ${plain}`,
      text: `extern std::type_identity_t<${text}> ${plain};\n`,
      names: [plain],
      once: false,
      defaults: false,
    });
  }
  return [...found.values()];
}
