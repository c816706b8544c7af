// What drawing on an item and the form beside it share: the class at hand, what is selected, and the answer so far.
import { createContext, useContext, useMemo, useRef, useState, type ReactNode, type RefObject } from "react";
import { Regions, type Answer, type Form } from "../protocol/labels";
import { MAX_REGIONS, type Part } from "../protocol/labels/regions";

export interface Marking {
  /** The class of the region that is drawn next. */
  of: number;
  choose: (of: number) => void;
  add: (part: Part) => void;
  /** The stretch of the text that is selected, in code points. */
  selected: RefObject<{ start: number; end: number } | null>;
}

const Context = createContext<Marking | null>(null);

/** Null where an item is only looked at. */
export function useMarking(): Marking | null {
  return useContext(Context);
}

export function MarkingDesk({ form, answer, choose, children }: { form: Form; answer: Answer | null; choose: (answer: Answer) => void; children: ReactNode }) {
  const [of, setOf] = useState(0);
  const selected = useRef<{ start: number; end: number } | null>(null);
  const marking = useMemo(() => {
    if (!(form instanceof Regions)) return null;
    const parts = answer === null ? [] : form.parts(answer);
    const add = (part: Part) => {
      if (parts.length < MAX_REGIONS) choose(form.of([...parts, part]));
    };
    return { of, choose: setOf, add, selected };
  }, [form, answer, choose, of]);
  return <Context value={marking}>{children}</Context>;
}
