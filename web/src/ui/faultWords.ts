/** What happened, and what whoever reads it can do. */
export interface FaultWords {
  what: string;
  todo: string;
}
