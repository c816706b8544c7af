// Writes the compressed twins of the build, and fails where a first visit would load more than it may.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const MOST_FIRST = 300_000;
const folder = process.argv[2];

const files = readdirSync(folder, { recursive: true })
  .map((name) => join(folder, name))
  .filter((path) => statSync(path).isFile() && !/\.(br|gz)$/.test(path));

const sizes = new Map();
for (const path of files) {
  const data = readFileSync(path);
  sizes.set(path, data.length);
  if (!/\.(js|css|html|svg|txt|json)$/.test(path)) continue;
  const brotli = brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length } });
  const gzip = gzipSync(data, { level: 9 });
  if (brotli.length < data.length) {
    writeFileSync(`${path}.br`, brotli);
    sizes.set(path, brotli.length);
  }
  if (gzip.length < data.length) writeFileSync(`${path}.gz`, gzip);
}

// What the page itself names: scripts, what they need at once, and styles. The rest is loaded when it is asked for.
const page = readFileSync(join(folder, "index.html"), "utf8");
const named = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path]) => join(folder, path));
const first = [join(folder, "index.html"), ...named].reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
console.log(`${files.length} files, ${Math.round(all / 1000)} kB compressed, of which ${Math.round(first / 1000)} kB at the first visit`);
if (first > MOST_FIRST) {
  console.error(`the first visit may load ${MOST_FIRST / 1000} kB`);
  process.exit(1);
}
