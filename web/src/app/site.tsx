// Which chain and which contracts this service works with: asked once, needed by all.
import { createContext, useContext, type ReactNode } from "react";
import { service, type Site } from "../api/service";
import { t } from "../texts/en";
import { Fault } from "../ui/Fault";
import { useLoad } from "./load";

const Context = createContext<Site | null>(null);

export function SiteProvider({ children }: { children: ReactNode }) {
  const { value, error, reload } = useLoad(service.site, []);
  if (value) return <Context.Provider value={value}>{children}</Context.Provider>;
  if (!error) return <p className="quiet boot" role="status">{t.loading}</p>;
  return (
    <main className="boot">
      <Fault error={error} retry={reload} />
    </main>
  );
}

export function useSite(): Site {
  const site = useContext(Context);
  if (!site) throw new Error("useSite outside of its provider");
  return site;
}
