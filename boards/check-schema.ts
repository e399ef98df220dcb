// Holds a value from a JSON file against a schema and says everything that does not fit, each with its place.

import type { Schema } from './board-schema.js';

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function hasType(value: unknown, type: Schema['type']): boolean {
  switch (type) {
    case undefined:
      return true;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
  }
}

/** Whether the value itself fits, whatever is in it. */
function fits(value: unknown, schema: Schema): boolean {
  if (!hasType(value, schema.type)) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value as string | boolean)) return false;
  if (typeof value === 'string' && schema.pattern !== undefined) return new RegExp(schema.pattern).test(value);
  if (typeof value === 'number') return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  if (Array.isArray(value)) return value.length >= (schema.minItems ?? 0);
  return true;
}

/** Of alternatives that are objects: the one whose first property, an enum, has the value that stands there. */
function alternativeFor(value: unknown, alternatives: readonly Schema[]): Schema | undefined {
  if (!isObject(value)) return undefined;
  return alternatives.find(({ properties = {} }) =>
    Object.entries(properties)
      .slice(0, 1)
      .every(([key, first]) => fits(value[key], first)),
  );
}

function complaintsAbout(value: unknown, schema: Schema, at: string): string[] {
  const { anyOf, description = 'something else' } = schema;
  const wrong = (takes: string): string[] => [`${at === '' ? 'it' : at} is ${shown(value)}: it takes ${takes}`];
  if (anyOf?.[0]?.properties !== undefined) {
    const chosen = alternativeFor(value, anyOf);
    const takes = anyOf.map((each) => each.description).join(', or ');
    return chosen === undefined ? wrong(takes) : complaintsAbout(value, chosen, at);
  }
  if (anyOf !== undefined) return anyOf.some((each) => fits(value, each)) ? [] : wrong(description);
  if (!fits(value, schema)) return wrong(description);
  if (Array.isArray(value) && schema.items !== undefined) {
    return value.flatMap((item, index) => complaintsAbout(item, schema.items!, `${at}[${index}]`));
  }
  return isObject(value) ? complaintsInside(value, schema, at) : [];
}

function complaintsInside(value: Readonly<Record<string, unknown>>, schema: Schema, at: string): string[] {
  const { properties = {}, required = [] } = schema;
  const under = (key: string): string => (at === '' ? key : `${at}.${key}`);
  const missing = required
    .filter((key) => !(key in value))
    .map((key) => `${under(key)} is missing: it takes ${properties[key]?.description}`);
  const present = Object.entries(value).flatMap(([key, item]) => {
    const inner = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (inner === undefined) return [`${under(key)} is not known: there are ${Object.keys(properties).join(', ')}`];
    return complaintsAbout(item, inner, under(key));
  });
  return [...missing, ...present];
}

/** What does not fit, one sentence each, with its place: `regions[0].addr is "x": it takes an address …`. */
export function checkSchema(value: unknown, schema: Schema): string[] {
  return complaintsAbout(value, schema, '');
}
