// Where a requester starts: what funding is, a new campaign, and those funded before.
import { useList, useLoad } from "../../app/load";
import { Link } from "../../app/router";
import { useSite } from "../../app/site";
import { service } from "../../api/service";
import { requesterStore } from "../../fund/store";
import { f } from "../../texts/en";
import { Fault } from "../../ui/Fault";
import { GoesOn } from "../../ui/Pages";
import { Loading, Notice, Page, Section } from "../../ui/parts";
import { sameAccount } from "../../wallet/session";
import { useWallet } from "../../wallet/wallet";
import { CampaignGrid } from "../LandingPage";
import { formKey } from "./useForm";
import "./fund.css";

export default function FundPage() {
  const site = useSite();
  const { connected } = useWallet();
  const account = connected?.account;
  const { value: begun } = useLoad(async () => Boolean(await requesterStore.form(formKey(account))), [account]);
  return (
    <Page title={f.title} lead={f.lead}>
      <div className="row">
        <Link className="button primary" href="/fund/new">
          {begun ? f.goOn : f.start}
        </Link>
      </div>
      <Section title={f.how}>
        <div className="three">
          {f.howSteps.map(([name, text], at) => (
            <div className="card" key={name}>
              <h3>{`${at + 1}. ${name}`}</h3>
              <p className="quiet">{text}</p>
            </div>
          ))}
        </div>
      </Section>
      <Section title={f.own}>{account ? <Own account={account} every={site.development ? 4_000 : 20_000} /> : <p className="quiet">{f.connect}</p>}</Section>
    </Page>
  );
}

function Own({ account, every }: { account: string; every: number }) {
  const { value, error, reload, ...reading } = useList(service.campaigns, [], every);
  const own = value?.filter((each) => sameAccount(each.requester, account));
  if (error !== undefined && !own) return <Fault error={error} retry={reload} />;
  if (!own) return <Loading />;
  return (
    <>
      {own.length === 0 && <Notice title={f.ownNone} />}
      <CampaignGrid lines={own} at="/fund" name={f.own} />
      <GoesOn {...reading} />
    </>
  );
}
