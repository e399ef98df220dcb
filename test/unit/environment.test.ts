import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { environment } from '../../host/diag/environment.js';

const home = (...names: string[]): string => join(homedir(), ...names);

describe('the folders of barewire', () => {
  test.each([
    ['linux', home('.cache', 'barewire'), home('.local', 'state', 'barewire')],
    ['darwin', home('Library', 'Caches', 'barewire'), home('Library', 'Application Support', 'barewire')],
    ['win32', home('AppData', 'Local', 'barewire', 'cache'), home('AppData', 'Local', 'barewire', 'state')],
  ] as const)('on %s are where its programs keep such things', (platform, cacheDir, stateDir) => {
    expect(environment({}, platform)).toMatchObject({ cacheDir, stateDir });
  });

  test('on Windows are where LOCALAPPDATA says', () => {
    const found = environment({ LOCALAPPDATA: '/l' }, 'win32');
    expect([found.cacheDir, found.stateDir]).toEqual([
      join('/l', 'barewire', 'cache'),
      join('/l', 'barewire', 'state'),
    ]);
  });

  test.each(['linux', 'darwin', 'win32'] as const)('are where XDG says, and above all BAREWIRE, on %s', (platform) => {
    const xdg = { XDG_CACHE_HOME: '/c', XDG_STATE_HOME: '/s' };
    expect(environment(xdg, platform).cacheDir).toBe(join('/c', 'barewire'));
    expect(environment(xdg, platform).stateDir).toBe(join('/s', 'barewire'));
    const own = { ...xdg, BAREWIRE_CACHE: '/mine', BAREWIRE_STATE: '/too' };
    expect(environment(own, platform)).toMatchObject({ cacheDir: '/mine', stateDir: '/too' });
  });
});

test('PATH has another separator on Windows', () => {
  expect(environment({ PATH: 'C:\\a;D:\\b' }, 'win32').path).toEqual(['C:\\a', 'D:\\b']);
  expect(environment({ PATH: '/a:/b' }, 'linux').path).toEqual(['/a', '/b']);
});
