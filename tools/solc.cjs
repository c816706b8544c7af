// The Solidity compiler of npm behind the command line of the native one: `--version` and `--standard-json`.
// Lets py-solc-x, forge, ape and slither work where no native compiler can be downloaded. The compiler's
// sources, and therefore its output, are the same; only the program around them differs.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");

const root = path.resolve(__dirname, "..");
const solc = createRequire(path.join(root, "package.json"))("solc");

const flag = (name) => process.argv.includes(name);

function valuesOf(name) {
  return process.argv.flatMap((value, index) => {
    if (value.startsWith(`${name}=`)) return value.slice(name.length + 1).split(",");
    return process.argv[index - 1] === name ? value.split(",") : [];
  });
}

/** Writes all of `text`: a pipe may be non-blocking and take only a part of it at a time. */
function write(text) {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Files that the input does not carry are read from the base and include folders, as the native program does. */
function reader() {
  const folders = [...valuesOf("--base-path"), ...valuesOf("--include-path"), process.cwd()];
  return (name) => {
    const found = folders.map((folder) => path.resolve(folder, name)).find((file) => fs.existsSync(file));
    return found ? { contents: fs.readFileSync(found, "utf8") } : { error: `File not found: ${name}` };
  };
}

function main() {
  if (flag("--version")) {
    const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");
    return write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
  }
  if (!flag("--standard-json")) {
    process.stderr.write("this solc answers --version and --standard-json only\n");
    process.exitCode = 1;
    return undefined;
  }
  const last = process.argv[process.argv.length - 1];
  const source = process.argv.length > 3 && fs.existsSync(last) && fs.statSync(last).isFile() ? last : 0;
  return write(solc.compile(fs.readFileSync(source, "utf8"), { import: reader() }));
}

main();
