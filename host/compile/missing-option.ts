// clang names its own option for a part of C++ that is off; what helps at the prompt is barewire's. Keyed by the end of
// clang's message (its DiagnosticSemaKinds: err_exceptions_disabled, err_no_typeid_with_fno_rtti, err_no_dynamic_cast_with_fno_rtti).

const OPTIONS: readonly (readonly [RegExp, string])[] = [
  [/^cannot use '(?:throw|try)' with exceptions disabled$/, '--exceptions'],
  [/^use of (?:typeid|dynamic_cast) requires -frtti$/, '--rtti'],
];

/** With which option of barewire clang would take it; undefined for every other message. */
export function missingOption(message: string): string | undefined {
  const option = OPTIONS.find(([pattern]) => pattern.test(message))?.[1];
  return option === undefined ? undefined : `start barewire with \`${option}\` for that`;
}
