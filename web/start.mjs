// npm start: builds what is not up to date, then serves the page.
import { entry } from '../emscripten/toolchain/host.mjs';
import { build } from './build.mjs';
import { serve } from './serve.mjs';

await entry(async () => {
  await build();
  const { url } = await serve({ port: Number(process.env.PORT ?? 8000) });
  console.log(`tabtrain: ${url} (Ctrl+C ends it)`);
});
