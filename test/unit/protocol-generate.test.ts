// The header and the reference are generated; these tests notice when somebody changed a table and not them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../host/diag/package-root.js';
import { generatedFiles } from '../../protocol/generate.js';
import { replaceReference } from '../../protocol/generate-reference.js';
import { FRAMES } from '../../protocol/messages.js';
import { canonicalJson, TABLE_HASH } from '../../protocol/table-hash.js';

describe('generated files', () => {
  for (const { path, text } of generatedFiles(packageRoot())) {
    it(`${path} is up to date (else: npm run generate)`, () => {
      expect(readFileSync(join(packageRoot(), path), 'utf8')).toBe(text);
    });
  }

  it('define every frame kind once in the header, with the table hash', () => {
    const header = generatedFiles(packageRoot())[0]!.text;
    for (const [name, frame] of Object.entries(FRAMES)) {
      const code = frame.code.toString(16).toUpperCase().padStart(2, '0');
      expect(header).toMatch(new RegExp(`#define BW_FRAME_${name} +0x${code}u`));
    }
    expect(header).toContain(TABLE_HASH.toString(16).toUpperCase().padStart(8, '0'));
    expect(header).toContain('BW_ARCH_ARMV6_M');
    expect(header).toMatch(/BW_FAULT_WORDS_CORTEXM +23u/);
  });

  it('refuse a document without markers', () => {
    expect(() => replaceReference('# no markers', 'x')).toThrow('lacks the markers');
  });
});

describe('the table hash', () => {
  it('does not depend on the order of keys or on explanations', () => {
    expect(canonicalJson({ b: 1, a: [{ meaning: 'x', c: 'd' }] })).toBe('{"a":[{"c":"d"}],"b":1}');
  });

  it('is a 32-bit number that changes with a code', () => {
    expect(TABLE_HASH).toBe(TABLE_HASH >>> 0);
    expect(canonicalJson({ FRAMES })).not.toBe(
      canonicalJson({ FRAMES: { ...FRAMES, PING: { ...FRAMES.PING, code: 9 } } }),
    );
  });
});
