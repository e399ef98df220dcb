// What is said when files that come with barewire are not there.

import { describe, expect, test, vi } from 'vitest';
import type { BoardRecord } from '../../boards/board.js';
import { BOARDS } from '../../boards/index.js';

describe('files that are missing', () => {
  test('a stub image is named, with the command that builds it', async () => {
    const { imageOf } = await import('../../host/session/board.js');
    const board: BoardRecord = { ...BOARDS[0]!, image: 'never-built' };
    expect(() => imageOf(board)).toThrow(
      expect.objectContaining({
        code: 'SESSION_NO_IMAGE',
        message: expect.stringMatching(/^there is no stub image .*never-built\.elf: `npm run firmware` builds it$/),
      }),
    );
  });

  test('the grammar is named, with what brings it back', async () => {
    vi.resetModules();
    vi.doMock('web-tree-sitter', () => ({
      Parser: { init: () => Promise.reject(new Error('no such file: web-tree-sitter.wasm')) },
      Language: {},
    }));
    const { loadParser } = await import('../../host/unit/parser.js');
    await expect(loadParser()).rejects.toMatchObject({
      code: 'UNIT_GRAMMAR',
      message: 'cannot load the C++ grammar: no such file: web-tree-sitter.wasm; run npm ci again',
    });
    vi.doUnmock('web-tree-sitter');
    vi.resetModules();
  });
});
