// Folders of pictures and sounds: each file is an item, known by its own bytes and not by its name.
import { kindOf } from "../editor/content";
import { ImportError, refuse } from "./fault";
import { endOf, MOST_ROWS, readTable, type Row } from "./records";
import { faulty } from "../texts/en";

/** A file with its path within the folder that was chosen. */
export interface Placed {
  path: string;
  file: File;
}

export interface Folder {
  kind: "folder";
  media: "image" | "audio";
  files: Placed[];
  /** Ground truth of a Label Studio export that lay among the files, by path of its picture or sound. */
  truths?: { path: string; at: string; result: unknown }[];
  /** What was left out, and why. */
  skipped: { path: string; why: string }[];
}

const MOST_BYTES = 64 * 1024 * 1024;
const HEAD = 16;

/** The pictures, or the sounds, among some files, by path; and what Label Studio's exports beside them hold as ground truth. */
export async function readFolder(placed: readonly Placed[]): Promise<Folder> {
  const skipped: Folder["skipped"] = [];
  const found: { image: Placed[]; audio: Placed[] } = { image: [], audio: [] };
  const sorted = [...placed].sort((one, other) => one.path.localeCompare(other.path, "en", { numeric: true }));
  const rows: Row[] = [];
  for (const each of sorted) {
    if (/(^|\/)(\.|Thumbs\.db$|desktop\.ini$)/i.test(each.path)) continue;
    if (endOf(each.path) === "json") {
      const found = await rowsOf(each.file);
      if (found) rows.push(...found.filter((row) => row.truth !== undefined));
      else skipped.push({ path: each.path, why: faulty.skipped.noExport });
      continue;
    }
    const kind = await mediaOf(each.file);
    if (kind === "image" || kind === "audio") found[kind].push(each);
    else skipped.push({ path: each.path, why: kind });
  }
  const media = found.image.length >= found.audio.length ? "image" : "audio";
  const other = media === "image" ? found.audio : found.image;
  skipped.push(...other.map(({ path }) => ({ path, why: media === "image" ? faulty.skipped.sound : faulty.skipped.picture })));
  const files = found[media];
  if (!files.length) {
    const first = skipped[0];
    refuse(faulty.file.noMedia(first));
  }
  if (files.length > MOST_ROWS) refuse(faulty.file.folderFull(MOST_ROWS));
  const truths = truthsOf(files, rows, (row) => skipped.push({ path: row.at, why: faulty.skipped.noTruth }));
  return { kind: "folder", media, files, skipped, truths };
}

async function rowsOf(file: File): Promise<Row[] | null> {
  try {
    return (await readTable(file)).rows;
  } catch (fault) {
    if (fault instanceof ImportError) return null;
    throw fault;
  }
}

/** Each ground truth with the file that its task names; Label Studio puts eight digits before the name of an upload. */
function truthsOf(files: readonly Placed[], rows: readonly Row[], miss: (row: Row) => void): NonNullable<Folder["truths"]> {
  const byName = new Map<string, string[]>();
  for (const { path } of files) byName.set(nameOf(path), [...(byName.get(nameOf(path)) ?? []), path]);
  return rows.flatMap((row) => {
    const names = [...row.values.values()].map(nameOf).flatMap((name) => [name, name.replace(/^[0-9a-f]{8}-/, "")]);
    const paths = [...new Set(names.flatMap((name) => byName.get(name) ?? []))];
    if (paths.length === 1) return [{ path: paths[0]!, at: row.at, result: row.truth }];
    miss(row);
    return [];
  });
}

/** The last part of a path or an address. */
function nameOf(path: string): string {
  const name = path.split(/[?#]/)[0]!.split("/").at(-1)!;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

async function mediaOf(file: File): Promise<"image" | "audio" | string> {
  if (file.size === 0) return faulty.skipped.empty;
  if (file.size > MOST_BYTES) return faulty.skipped.large;
  let head: Uint8Array;
  try {
    head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  } catch {
    return faulty.skipped.unreadable;
  }
  const { kind } = kindOf(head);
  return kind === "text" ? faulty.skipped.noMedia : kind;
}

/** Files of an <input>, with their paths. */
export function chosen(files: Iterable<File>): Placed[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Files that were dropped, folders walked through. */
export async function dropped(transfer: DataTransfer): Promise<Placed[]> {
  // Entries must be asked for before the first wait: the list is empty afterwards.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((each) => each !== null);
  if (!entries.length) return chosen(transfer.files);
  return (await Promise.all(entries.map(walked))).flat();
}

async function walked(entry: FileSystemEntry): Promise<Placed[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives a hundred at a time, and none at its end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(walked))).flat();
}
