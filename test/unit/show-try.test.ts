import { test } from 'vitest';
import { Bench } from './show-support.js';
import { readFileSync } from 'node:fs';
test('try', async () => {
  const bench = await Bench.open('/tmp/showdev/cache');
  for (const line of readFileSync('/tmp/showdev/rows.txt','utf8').split('\n').filter(Boolean)) {
    const t = performance.now();
    let text: string | undefined;
    try { text = await bench.show(line.replaceAll('⏎','\n')); } catch (e) { text = 'ERROR ' + (e as Error).message + (process.env.STACK ? (e as Error).stack : ''); }
    console.log(`${line}\n   ${text}   [${(performance.now() - t).toFixed(0)} ms]`);
  }
  await bench.close();
}, 300000);
