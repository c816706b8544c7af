// Checks the vectors with code that shares nothing with ours: trees with @openzeppelin/merkle-tree, typed data with a
// general EIP-712 encoder and the @noble curve. Prints what it checked; any difference is an error.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { encode } from "@metamask/abi-utils";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { keccak256 } from "ethereum-cryptography/keccak.js";
import { secp256k1 } from "ethereum-cryptography/secp256k1.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "ethereum-cryptography/utils.js";

const load = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const hex = (bytes) => "0x" + bytesToHex(bytes);
const bytes = (text) => hexToBytes(text.slice(2));

function checkTree({ root, order, proofs, multiproofs }, values, types) {
  const tree = StandardMerkleTree.of(values, types);
  assert.equal(tree.root, root);
  const hashes = values.map((value) => tree.leafHash(value));
  const sorted = [...hashes.keys()].sort((one, other) => (hashes[one] < hashes[other] ? -1 : 1));
  assert.deepEqual(order, sorted);
  for (const { index, proof } of proofs) {
    assert.deepEqual(tree.getProof(index), proof);
    assert.ok(StandardMerkleTree.verify(root, types, values[index], proof));
  }
  for (const { indices, order: asked, leaves, proof, flags } of multiproofs) {
    const theirs = tree.getMultiProof(indices);
    assert.deepEqual(theirs.proof, proof);
    assert.deepEqual(theirs.proofFlags, flags);
    assert.deepEqual(theirs.leaves, asked.map((index) => values[index]));
    assert.deepEqual(leaves, asked.map((index) => hashes[index]));
    assert.ok(tree.verifyMultiProof(theirs));
  }
}

function checkTrees() {
  const { types, values, trees } = load("trees.json");
  assert.equal(trees.length, 33);
  for (const tree of trees) checkTree(tree, values.slice(0, tree.size), types);
  const payouts = load("payouts.json");
  checkTree(payouts, payouts.values, payouts.types);
  return trees.length + 1;
}

const LEAVES = {
  payout: ["uint64 index", "address account", "uint128 payout", "uint128 shares", "uint128 slash",
    "uint128 cumPayout", "uint128 cumShares"],
  label: ["address annotator", "uint32 batch", "uint64 item", "bytes32 labelDigest"],
  commit: ["address annotator", "uint32 batch", "uint64 item", "bytes32 labelDigest", "bytes32 salt"],
  aggregate: ["address annotator", "bytes32 commitHash"],
  roster: ["address annotator"],
  truth: ["uint64 item", "bytes32 winnerDigest", "uint32 confidenceQ16", "bool accepted"],
};

function domainOf(kind, { chainId, registry, campaignId }) {
  return hex(keccak256(encode(["string", "uint256", "address", "bytes32"], [kind, chainId, registry, campaignId])));
}

function checkLeaves() {
  const domains = load("domains.json");
  for (const vector of domains) assert.equal(domainOf(vector.kind, vector), vector.domain);
  const vectors = load("leaves.json");
  let count = domains.length;
  for (const [kind, fields] of Object.entries(LEAVES)) {
    const types = ["bytes32", ...fields.map((field) => field.split(" ")[0])];
    const domain = domainOf(kind.toUpperCase() + ".v1", vectors);
    assert.ok(vectors[kind].length > 0);
    for (const row of vectors[kind]) {
      const values = [domain, ...fields.map((field) => row[field.split(" ")[1]])];
      assert.equal(StandardMerkleTree.of([values], types).root, row.leaf);
      count += 1;
    }
  }
  return count;
}

function hashStruct(name, fields, message) {
  const type = `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(",")})`;
  const words = fields.map((field) =>
    field.type === "string" ? keccak256(utf8ToBytes(message[field.name])) : encode([field.type], [message[field.name]]),
  );
  return keccak256(concatBytes(keccak256(utf8ToBytes(type)), ...words));
}

const DOMAIN_FIELDS = [
  { type: "string", name: "name" },
  { type: "string", name: "version" },
  { type: "uint256", name: "chainId" },
  { type: "address", name: "verifyingContract" },
];

function checkStatement(separator, { primaryType, types, message, structHash, digest, privateKey, signer, signature }) {
  const struct = hashStruct(primaryType, types[primaryType], message);
  assert.equal(hex(struct), structHash);
  const signed = keccak256(concatBytes(Uint8Array.of(0x19, 0x01), separator, struct));
  assert.equal(hex(signed), digest);
  const made = secp256k1.sign(signed, bytes(privateKey), { lowS: true });
  assert.equal(hex(concatBytes(made.toCompactRawBytes(), Uint8Array.of(27 + made.recovery))), signature);
  const point = secp256k1.getPublicKey(bytes(privateKey), false);
  assert.equal(hex(keccak256(point.slice(1)).slice(12)), signer.toLowerCase());
}

function checkTypedData() {
  const { domain, domainSeparator, statements } = load("typed_data.json");
  const separator = hashStruct("EIP712Domain", DOMAIN_FIELDS, domain);
  assert.equal(hex(separator), domainSeparator);
  for (const statement of statements) checkStatement(separator, statement);
  return statements.length;
}

function checkGold() {
  const { kindWord, secret, rows, root, reveal } = load("gold.json");
  assert.equal(hex(keccak256(utf8ToBytes("GOLD.v1"))), kindWord);
  const posted = [bytes(secret)];
  const values = rows.map(({ item, label, labelDigest, salt }) => {
    const word = Buffer.alloc(8);
    word.writeBigUInt64BE(BigInt(item));
    assert.equal("0x" + createHmac("sha256", bytes(secret)).update(word).digest("hex"), salt);
    assert.equal(hex(keccak256(bytes(label))), labelDigest);
    const size = bytes(label).length;
    posted.push(Uint8Array.from(word), Uint8Array.of(size >> 8, size & 255), bytes(label));
    return [kindWord, item, labelDigest, salt];
  });
  assert.equal(StandardMerkleTree.of(values, ["bytes32", "uint64", "bytes32", "bytes32"]).root, root);
  assert.equal(hex(concatBytes(...posted)), reveal);
  return rows.length;
}

const floorDiv = (one, other) => (one - (((one % other) + other) % other)) / other; // BigInt rounds towards zero

function checkSkills() {
  const { belowBps, skills, payments, losses } = load("skills.json");
  for (const vector of skills) {
    const big = (name) => BigInt(vector[name]);
    const [n, agreed, X, T] = [big("compared"), big("agreed"), big("chance"), big("items")];
    const [u, m, prior] = [big("unopened"), big("strength"), big("priorBps")];
    const gained = agreed * T - X;
    const room = n * T - X;
    const skill = floorDiv(65536n * (10000n * gained + prior * m * T), 10000n * (room + (u + m) * T));
    assert.equal(Number(skill), vector.skillQ16);
    const short = BigInt(belowBps) * room - 10000n * gained;
    assert.equal(short > 0n, vector.below);
    const left = short ** 2n * (n + 2n) ** 2n * 1000000n;
    const right = 5428900n * 10000n ** 2n * T ** 2n * n * (agreed + 1n) * (n - agreed + 1n);
    assert.equal(short > 0n && left > right, vector.surelyBelow);
  }
  return [skills.length, checkPayments(payments) + checkLosses(losses)];
}

const least = (one, other) => (one < other ? one : other);
const most = (one, other) => (one > other ? one : other);

function checkPayments(payments) {
  for (const vector of payments) {
    const big = (name) => BigInt(vector[name]);
    const from = (65536n * big("fromBps")) / 10000n;
    const full = most((65536n * big("fullBps")) / 10000n, 1n);
    const p = least(most(big("skillQ16") - from, 0n), full - from);
    assert.equal((big("halves") * big("price") * p) / (2n * (full - from)), big("pay"));
  }
  return payments.length;
}

function checkLosses(losses) {
  for (const vector of losses) {
    const big = (name) => BigInt(vector[name]);
    const full = most((65536n * big("fullBps")) / 10000n, 1n);
    const below = least(most(-big("skillQ16"), 0n), full);
    const forfeit = (big("signed") * big("forfeitBps") * below) / (10000n * full);
    const part = (big("signed") * big("partBps")) / 10000n;
    assert.equal(vector.flagged ? most(part, forfeit) : forfeit, big("slash"));
  }
  return losses.length;
}

const byHash = (one, other) => (one.hash < other.hash ? -1 : 1);

function tieHash(seed, item, choice) {
  const row = Buffer.alloc(12);
  row.writeBigUInt64BE(BigInt(item));
  row.writeUInt32BE(choice, 8);
  return hex(keccak256(concatBytes(bytes(seed), row)));
}

// Of gold that a label says, half is told.
function toldOf(seed, gold, labels) {
  const said = new Set(labels.map((label) => `${label.item} ${label.class}`));
  const drawn = gold.filter((row) => said.has(`${row.item} ${row.class}`)).map(({ item }) => {
    const row = Buffer.alloc(8);
    row.writeBigUInt64BE(BigInt(item));
    return { item, hash: hex(keccak256(concatBytes(bytes(seed), row))) };
  });
  return new Set(drawn.sort(byHash).slice(0, Math.floor(drawn.length / 2)).map(({ item }) => item));
}

function packed(logarithms) {
  const row = Buffer.alloc(4 * logarithms.length);
  logarithms.forEach((value, place) => row.writeInt32BE(value, 4 * place));
  return row;
}

// Of the classes that some labels say, the one of the highest score.
function leaderOf(seed, item, scores, labels) {
  const given = [...new Set(labels.map((label) => label.class))];
  const best = Math.max(...given.map((k) => scores[k]));
  const lead = given.filter((k) => scores[k] === best).map((k) => ({ k, hash: tieHash(seed, item, k) }));
  return lead.length ? lead.sort(byHash).at(-1).k : null;
}

// The tree of a model and what it proves: that each winner is told, or of the classes that its labels say the
// arg-max of their columns. And what the model says of an item without one of its labels.
function checkModel() {
  const vectors = load("model.json");
  const { seed, labels, gold, priors, columns, leaves, modelRoot, verdicts } = vectors;
  const domain = domainOf("MODEL.v1", vectors);
  const types = ["bytes32", "address", "uint64", "bytes32"];
  const values = [priors, ...columns].map(({ annotator, class: answer, logarithms }) =>
    [domain, annotator, answer, hex(keccak256(packed(logarithms)))]);
  const tree = StandardMerkleTree.of(values, types);
  assert.deepEqual(values.map((value) => tree.leafHash(value)), leaves);
  assert.equal(tree.root, modelRoot);
  const told = toldOf(seed, gold, labels);
  const goldOf = (item) => gold.find((row) => row.item === item).class;
  for (const { item, told: says } of gold) assert.equal(told.has(item), says);
  const columnOf = new Map(columns.map((column) => [`${column.annotator} ${column.class}`, column.logarithms]));
  assert.equal(columnOf.size, new Set(labels.map((label) => `${label.annotator} ${label.class}`)).size);
  const scoresOf = (some) => priors.logarithms.map((prior, k) =>
    some.reduce((sum, label) => sum + columnOf.get(`${label.annotator} ${label.class}`)[k], prior));
  for (const { item, winner, posteriors } of verdicts) {
    assert.equal(posteriors.reduce((sum, share) => sum + share), 65536);
    if (told.has(item)) {
      assert.equal(winner, goldOf(item));
      assert.equal(posteriors[winner], 65536);
    } else {
      const here = labels.filter((each) => each.item === item);
      assert.equal(winner, leaderOf(seed, item, scoresOf(here), here));
    }
  }
  for (const label of labels) {
    const others = labels.filter((each) => each.item === label.item && each.annotator !== label.annotator);
    const leader = leaderOf(seed, label.item, scoresOf(others), others);
    assert.equal(label.reference, others.length && told.has(label.item) ? goldOf(label.item) : leader);
  }
  return [leaves.length, verdicts.length, labels.length];
}

const [trees, leaves, statements] = [checkTrees(), checkLeaves(), checkTypedData()];
console.log(`${trees} trees, ${leaves} domains and leaves, ${statements} statements agree`);
const [skills, amounts] = checkSkills();
console.log(`${checkGold()} gold items, ${skills} skills, ${amounts} payments and losses agree`);
const [tables, winners, references] = checkModel();
console.log(`${tables} leaves, ${winners} winners and ${references} references of a model agree`);
