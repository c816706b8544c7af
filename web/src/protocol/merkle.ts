// Merkle trees exactly as @openzeppelin/merkle-tree builds them: leaves by hash, siblings hashed in order.
import { concatHex, keccak256, type Hex } from "viem";

/** The hash of a node from its two children, in whichever order. */
function pair(one: Hex, other: Hex): Hex {
  return keccak256(concatHex(one < other ? [one, other] : [other, one]));
}

export class MerkleTree {
  private readonly nodes: Hex[];
  private readonly places: number[];

  /** Throws where there is no leaf. Leaves are hashes, lower case. */
  constructor(leaves: readonly Hex[]) {
    const count = leaves.length;
    if (count === 0) throw new Error("a tree has at least one leaf");
    const order = leaves.map((_, index) => index);
    order.sort((one, other) => compare(leaves[one]!, leaves[other]!));
    this.nodes = new Array<Hex>(2 * count - 1);
    this.places = new Array<number>(count);
    order.forEach((index, rank) => {
      const place = 2 * count - 2 - rank;
      this.nodes[place] = leaves[index]!;
      this.places[index] = place;
    });
    for (let at = count - 2; at >= 0; at -= 1) {
      this.nodes[at] = pair(this.nodes[2 * at + 1]!, this.nodes[2 * at + 2]!);
    }
  }

  get root(): Hex {
    return this.nodes[0]!;
  }

  /** The siblings from a leaf, named by its place among those given, up to the root. */
  proof(index: number): Hex[] {
    let at = this.places[index];
    if (at === undefined) throw new Error(`there is no leaf ${index}`);
    const found: Hex[] = [];
    while (at > 0) {
      found.push(this.nodes[at % 2 === 0 ? at - 1 : at + 1]!);
      at = (at - 1) >> 1;
    }
    return found;
  }
}

/** The root that a leaf and its siblings lead to. */
export function rootFrom(leaf: Hex, proof: readonly Hex[]): Hex {
  return proof.reduce(pair, leaf);
}

/** Whether a leaf stands under a root. */
export function verifyProof(root: Hex, leaf: Hex, proof: readonly Hex[]): boolean {
  return rootFrom(leaf, proof) === root.toLowerCase();
}

function compare(one: Hex, other: Hex): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
