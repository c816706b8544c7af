// Who funds, and for which dataset: one of their own, or a new one.
import { useState } from "react";
import { useSite } from "../../app/site";
import { createdDataset, createDatasetCall } from "../../fund/chain";
import { parseAmount, parseWhole } from "../../fund/money";
import { f } from "../../texts/en";
import { useUnit } from "../../ui/Amount";
import { useConfirm } from "../../ui/Confirm";
import { bpsText, sharesText, shortHex } from "../../ui/format";
import { Address, Card, Facts, Loading, Notice } from "../../ui/parts";
import { send } from "../../wallet/send";
import { useSession } from "../../wallet/session";
import { useWallet } from "../../wallet/wallet";
import { Connect, SignIn } from "../tasks/Account";
import { told } from "../tasks/PoolPage";
import { Options, TextField } from "./fields";
import type { Filling } from "./useForm";

const SHARE = 10n ** 18n;
const MOST_SHARES = 79_000_000_000;

export function DatasetStep({ filling }: { filling: Filling }) {
  const { connected } = useWallet();
  const { account } = useSession();
  const { ground, form, change } = filling;
  const [creating, setCreating] = useState(false);
  const datasets = ground?.datasets ?? [];
  const token = ground?.pools.find((each) => each.id === form.pool)?.params.token;
  const chosen = datasets.find((each) => each.address === form.dataset);
  return (
    <>
      <Card title={f.dataset.who}>
        {connected ? <Address of={connected.account} /> : <Connect />}
        {connected && !account && (
          <>
            <p className="quiet">{f.dataset.signIn}</p>
            <div className="row">
              <SignIn />
            </div>
          </>
        )}
      </Card>
      {connected && (
        <Card title={f.dataset.title}>
          <p className="quiet">{f.dataset.note}</p>
          {!ground && filling.groundError === undefined && <Loading />}
          {ground && datasets.length === 0 && <p>{f.dataset.none}</p>}
          {datasets.length > 0 && (
            <Options
              label={f.dataset.yours}
              value={form.dataset}
              change={(dataset) => change({ dataset })}
              options={datasets.map((each) => [each.address, `${each.name} (${each.symbol})`, f.dataset.free(sharesText(each.free))])}
            />
          )}
          {chosen && token && chosen.revenueToken.toLowerCase() !== token.toLowerCase() && <Notice title={f.dataset.other} />}
          {ground && (creating || datasets.length === 0 ? (
            <Create filling={filling} token={token} done={() => setCreating(false)} />
          ) : (
            <div className="row">
              <button type="button" className="button small" onClick={() => setCreating(true)}>
                {f.dataset.create}
              </button>
            </div>
          ))}
        </Card>
      )}
    </>
  );
}

function Create({ filling, token, done }: { filling: Filling; token: `0x${string}` | undefined; done: () => void }) {
  const site = useSite();
  const { connected } = useWallet();
  const confirm = useConfirm();
  const [name, setName] = useState("");
  const [symbol, setSymbol] = useState("");
  const [part, setPart] = useState("70");
  const [most, setMost] = useState("1000000");
  const [faults, setFaults] = useState<string[]>([]);
  const words = f.dataset;
  const unit = useUnit(token);

  const publish = async () => {
    const bps = parseAmount(part, 2);
    const shares = parseWhole(most, 1, MOST_SHARES);
    const found = [
      ...(fits(name) ? [] : [words.nameFault]),
      ...(fits(symbol) ? [] : [words.symbolFault]),
      ...(bps !== null && bps <= 10_000n ? [] : [words.partFault]),
      ...(shares !== null ? [] : [words.mostFault]),
    ];
    setFaults(found);
    if (found.length || !token || !unit) return;
    const given = { name: name.trim(), symbol: symbol.trim(), token, contributorBps: Number(bps), maxShares: BigInt(shares!) * SHARE };
    const published = await confirm({
      title: words.confirm.title,
      lines: words.confirm.lines(given.name, bpsText(given.contributorBps), sharesText(given.maxShares), `${unit?.symbol ?? ""} (${token})`),
      yes: words.confirm.yes,
      run: async (tell) => {
        const receipt = await send(site, connected!, createDatasetCall(site, given), told(tell));
        filling.change({ dataset: createdDataset(receipt) });
      },
    });
    if (!published) return;
    await filling.reloadGround();
    done();
  };

  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void publish();
      }}
    >
      <h3>{words.create}</h3>
      <div className="field-row">
        <TextField label={words.name} hint={words.nameHint} value={name} change={setName} />
        <TextField label={words.symbol} hint={words.symbolHint} value={symbol} change={setSymbol} list />
        <TextField label={words.part} hint={words.partHint} value={part} change={setPart} numeric />
        <TextField label={words.most} hint={words.mostHint} value={most} change={setMost} numeric />
      </div>
      {token && <Facts rows={[[words.paidIn, <Address key="token" of={token} name={`${unit?.symbol ?? "…"} (${shortHex(token)})`} />]]} />}
      {!token && <Notice kind="warn" title={f.terms.noPools}><p>{f.terms.noPoolsTodo}</p></Notice>}
      {faults.length > 0 && (
        <Notice kind="warn" title={f.missing}>
          <ul>{faults.map((each) => <li key={each}>{each}</li>)}</ul>
        </Notice>
      )}
      <div className="row">
        <button className="button primary" disabled={!token || !unit}>{words.publish}</button>
      </div>
    </form>
  );
}

function fits(text: string): boolean {
  const size = new TextEncoder().encode(text.trim()).length;
  return size >= 1 && size <= 31;
}
