// OpenZeppelin's side: `node peer.mjs KIND FILE REPEATS`, from values in memory to the root, then proofs. It times
// its work and prints one line of JSON, as side.py does.
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { StandardMerkleTree } from '@openzeppelin/merkle-tree';

const N_PROOFS = 1000;
const TYPES = {
  pair: ['address', 'uint256'],
  payout: ['bytes32', 'uint64', 'address', 'uint128', 'uint128', 'uint128', 'uint128', 'uint128'],
};

async function read(file) {
  const rows = [];
  for await (const line of createInterface({ input: createReadStream(file) })) rows.push(line.split(','));
  return rows;
}

// What the work gave last, and seconds of processor and clock of each repetition.
function timed(repeats, work) {
  const times = [];
  let result;
  for (let done = 0; done < repeats; done++) {
    result = undefined;
    const wall = process.hrtime.bigint();
    const cpu = process.cpuUsage();
    result = work();
    const { user, system } = process.cpuUsage(cpu);
    times.push([(user + system) / 1e6, Number(process.hrtime.bigint() - wall) / 1e9]);
  }
  return [result, times];
}

function prove(tree, count, size) {
  const step = Math.floor(size / count);
  return Array.from({ length: count }, (_, place) => tree.getProof(place * step));
}

function digest(proofs) {
  const hash = createHash('sha256');
  for (const node of proofs.flat()) hash.update(Buffer.from(node.slice(2), 'hex'));
  return hash.digest('hex');
}

function packageVersion() {
  const entry = createRequire(import.meta.url).resolve('@openzeppelin/merkle-tree');
  const folder = entry.slice(0, entry.lastIndexOf('merkle-tree') + 'merkle-tree'.length);
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version;
}

const [kind, file, repeats] = process.argv.slice(2);
const rows = await read(file);
const [tree, times] = timed(Number(repeats), () => StandardMerkleTree.of(rows, TYPES[kind]));
const [proofs, proving] = timed(1, () => prove(tree, Math.min(N_PROOFS, rows.length), rows.length));
const report = {
  parts: { tree: times, proofs: proving },
  facts: { root: tree.root, proofs: digest(proofs) },
  peak_mb: Math.round(process.resourceUsage().maxRSS * 1024 / 1e5) / 10,
  versions: { '@openzeppelin/merkle-tree': packageVersion(), node: process.versions.node },
};
console.log(JSON.stringify(report));
