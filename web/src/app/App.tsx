// The app: who is here, which page, and the frame around it.
import { Component, lazy, Suspense, type ComponentType, type ReactNode } from "react";
import { LandingPage } from "../pages/LandingPage";
import { t } from "../texts/en";
import { ConfirmProvider } from "../ui/Confirm";
import { Loading, Notice, Page } from "../ui/parts";
import { SessionProvider } from "../wallet/session";
import { WalletProvider } from "../wallet/wallet";
import { Link, matchPath, Router, usePath } from "./router";
import { Shell } from "./Shell";
import { SiteProvider } from "./site";

type Parts = Record<string, string>;
type RoutedPage = ComponentType<{ parts: Parts }>;

/** Every page by its address. What a first visit does not need is loaded when it is asked for. */
const ROUTES: readonly (readonly [string, RoutedPage])[] = [
  ["/", LandingPage],
  ["/campaigns/:campaign", lazy(() => import("../pages/CampaignPage"))],
  ["/campaigns/:campaign/audit", lazy(() => import("../pages/AuditPage"))],
  ["/campaigns/:campaign/audit/:item", lazy(() => import("../pages/AuditItemPage"))],
  ["/datasets", lazy(() => import("../pages/DatasetsPage"))],
  ["/datasets/:dataset", lazy(() => import("../pages/DatasetPage"))],
  ["/connect", lazy(() => import("../pages/ConnectPage"))],
  ["/tasks", lazy(() => import("../pages/tasks/WorkPage"))],
  ["/tasks/pools/:pool", lazy(() => import("../pages/tasks/PoolPage"))],
  ["/tasks/practice/:campaign", lazy(() => import("../pages/tasks/PracticePage"))],
  ["/tasks/:campaign", lazy(() => import("../pages/tasks/DeskPage"))],
  ["/tasks/:campaign/label", lazy(() => import("../pages/tasks/LabelPage"))],
  ["/tasks/:campaign/silent", lazy(() => import("../pages/tasks/SilentPage"))],
  ["/earnings", lazy(() => import("../pages/tasks/EarningsPage"))],
  ["/fund", lazy(() => import("../pages/fund/FundPage"))],
  ["/fund/new", lazy(() => import("../pages/fund/NewPage"))],
  ["/fund/:campaign", lazy(() => import("../pages/fund/WatchPage"))],
  ["/own", lazy(() => import("../pages/hold/OwnPage"))],
  ["/own/:dataset", lazy(() => import("../pages/hold/OwnDatasetPage"))],
  ["/licences", lazy(() => import("../pages/hold/ShopPage"))],
  ["/licences/check", lazy(() => import("../pages/hold/CheckPage"))],
  ["/licences/:dataset", lazy(() => import("../pages/hold/DatasetShopPage"))],
  ["/licences/:dataset/:number", lazy(() => import("../pages/hold/CheckPage"))],
  ["/backup", lazy(() => import("../pages/tasks/BackupPage"))],
];

export function App() {
  return (
    <Router>
      <SiteProvider>
        <WalletProvider>
          <SessionProvider>
            <ConfirmProvider>
              <Shell>
                <Routed />
              </Shell>
            </ConfirmProvider>
          </SessionProvider>
        </WalletProvider>
      </SiteProvider>
    </Router>
  );
}

function Routed() {
  const path = usePath();
  for (const [pattern, Found] of ROUTES) {
    const parts = matchPath(pattern, path);
    if (!parts) continue;
    return (
      <Guarded key={path}>
        <Suspense fallback={<Loading />}>
          <Found parts={parts} />
        </Suspense>
      </Guarded>
    );
  }
  return (
    <Page title={t.shell.notFound}>
      <p>{t.shell.notFoundTodo}</p>
      <p>
        <Link href="/">{t.shell.home}</Link>
      </p>
    </Page>
  );
}

/** A page that fails takes nothing with it. */
class Guarded extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Page title={t.shell.crashed}>
        <Notice kind="bad" title={t.shell.crashed}>
          <p>{t.shell.crashedTodo}</p>
          <button type="button" className="button small" onClick={() => location.reload()}>
            {t.shell.reload}
          </button>
        </Notice>
      </Page>
    );
  }
}
