// An item's content on its way from a file to the service. A text stays one: a Blob for each would take longer to make and to read than all the rest.

export type Content = string | Blob;

export function blobOf(content: Content): Blob {
  return typeof content === "string" ? new Blob([content]) : content;
}

export async function bytesOf(content: Content): Promise<Uint8Array<ArrayBuffer>> {
  return typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(await content.arrayBuffer());
}
