// Names that were typed again are shown as they were typed, in whatever the session says.

import type { Diagnostic } from '../compile/diagnostics.js';
import { BarewireError } from '../diag/error.js';
import { type Versions, withoutVersions } from '../unit/versions.js';

/** A diagnostic without versions. */
export function plainDiagnostic(diagnostic: Diagnostic, versions: Versions): Diagnostic {
  if (versions.size === 0) return diagnostic;
  const { message, snippet, notes } = diagnostic;
  return {
    ...diagnostic,
    message: withoutVersions(message, versions),
    snippet: snippet.map((line) => withoutVersions(line, versions)),
    notes: notes.map((note) => plainDiagnostic(note, versions)),
  };
}

/** An error without versions; what is no error of ours is given back as it is. */
export function withoutVersionsIn(error: unknown, versions: Versions): unknown {
  if (!(error instanceof BarewireError)) return error;
  const message = withoutVersions(error.message, versions);
  if (message === error.message) return error;
  return new BarewireError(error.code, message, error.details, error.kind, { cause: error });
}
