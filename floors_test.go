package florin_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// floors lists every package of the module from the ground up. A package
// imports only from lower floors, never from its own. A folder that ends in /*
// stands for each package right below it that is not listed by name.
var floors = []struct {
	name     string
	packages []string
}{
	{"0", []string{"."}},
	{"1", []string{"core/ident", "core/clock", "core/fault", "core/paper"}},
	{"1, which speaks in faults", []string{"core/money"}},
	{"2", []string{"store", "core/method"}},
	{"3, the trail of what was done", []string{"core/audit"}},
	{"3", []string{"core/access", "core/event", "core/idempotency", "core/job", "core/ledger", "core/merchant", "core/customer", "connector", "connector/column", "store/disk", "store/storetest", "core/vault/wallet"}},
	{"4", []string{"core/vault", "core/mandate", "core/surcharge", "core/settlement/aba", "core/reconcile/bank", "connector/fake", "connector/*", "connector/connectortest"}},
	{"5", []string{"core/payment", "core/notify", "connector/all"}},
	{"6", []string{"core/loan", "core/login", "core/order", "core/invoice", "core/settlement"}},
	{"7", []string{"core/payplan", "core/issuing", "core/bankfile", "core/checkout", "core/reconcile"}},
	{"7, which has bills paid by bank files", []string{"core/subscription"}},
	{"8", []string{"core/errand", "core/webhook", "core/simulate", "core/report"}},
	{"8, which sends readers on errands", []string{"core/purchase"}},
	{"9, shared by the surfaces", []string{"api/wire", "web/page", "web/browsertest"}},
	{"9, what pages are made of", []string{"web/docs", "web/login"}},
	{"9", []string{"api/gateway", "api/april", "api/spense", "api/media", "web/april", "web/errand", "web/checkout", "web/portal", "web/dev"}},
	{"9, all pages at once", []string{"web/gallery"}},
	{"10", []string{"app", "api/wire/script"}},
	{"11", []string{"bench", "sim", "api/wire/apitest"}},
	{"12", []string{"cmd/florin"}},
}

// kits are for tests: only test files and other kits import them.
var kits = []string{"store/disk", "store/storetest", "connector/connectortest", "web/browsertest", "api/wire/script", "api/wire/apitest"}

// A fence keeps some packages from importing others, beyond what floors say.
type fence struct {
	from   []string // folders the fence stands around, all below them too
	except []string
	to     []string // import paths, ours without the module, all below them too
	allow  []string
	why    string
}

var fences = []fence{
	{from: []string{"connector"}, except: []string{"connector/all"}, to: []string{"core", "store"},
		allow: []string{"core/money", "core/ident", "core/fault", "core/method"},
		why:   "of core, a connector imports money, ident, fault and method and no more"},
	{from: []string{"core", "store", "api", "web"}, to: []string{"connector"}, allow: []string{"connector"},
		why: "neither core nor a surface knows a provider; app hands them connector.Connector values"},
	{from: []string{"api"}, to: []string{"web"}, why: "surfaces never import each other"},
	{from: []string{"web"}, to: []string{"api"}, allow: []string{"api/wire"}, why: "surfaces never import each other"},
	{from: []string{"core", "store", "sim"}, except: []string{"core/webhook"}, to: []string{"net/http"},
		why: "net/http belongs in api, web, app, cmd, connector and the webhook sender"},
	{from: []string{"."}, except: []string{"store", "bench"}, to: []string{"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx"},
		why: "databases and their drivers are the store's alone, and bench's, which compares it with SQL by hand"},
	{from: []string{"."}, except: []string{"web", "connector/fake"}, to: []string{"html/template", "text/template"},
		why: "templates belong in web and in the fake provider's pages"},
	{from: []string{"."}, except: kits, to: []string{"testing", "net/http/httptest", "github.com/chromedp", "pgregory.net/rapid",
		"github.com/anishathalye/porcupine", "github.com/rogpeppe/go-internal", "github.com/coreos/go-oidc", "golang.org/x/oauth2"}, why: "test libraries belong in test files and test kits"},
	{from: []string{"."}, except: kits, to: kits, why: "a test kit is imported by test files and other kits only"},
}

// holds says whether the fence stands around dir. "." as a folder means all.
func (f fence) holds(dir string) bool {
	in := func(root string) bool { return root == "." || within(dir, root) }
	return slices.ContainsFunc(f.from, in) && !slices.ContainsFunc(f.except, in)
}

// forbids says whether the fence keeps target out. allow names packages
// themselves, not what lies below them.
func (f fence) forbids(target string) bool {
	return slices.ContainsFunc(f.to, func(root string) bool { return within(target, root) }) && !slices.Contains(f.allow, target)
}

// floor finds where dir stands: its place from the ground, or -1.
func floor(dir string) int {
	for _, want := range []string{dir, path.Dir(dir) + "/*"} {
		for n, f := range floors {
			if slices.Contains(f.packages, want) {
				return n
			}
		}
	}
	return -1
}

// floorRule: every package is listed, and imports only from below. Kits are
// free to import what they test with, and test files are not looked at: a use
// case is tested through rooms above it.
func floorRule(t *tree) (bad []string) {
	for dir, files := range t.packages() {
		at := floor(dir)
		if at < 0 {
			bad = append(bad, fmt.Sprintf("%s is on no floor: add it to the table in floors_test.go, on the lowest floor above all it imports", dir))
			continue
		}
		for _, f := range files {
			for _, p := range f.imports() {
				target, ours := strings.CutPrefix(p, module+"/")
				if !ours || slices.Contains(kits, target) {
					continue
				}
				if to := floor(target); to >= at {
					bad = append(bad, fmt.Sprintf("%s: a package on floor %s imports %s on floor %s; imports go down only", f.path, floors[at].name, target, floors[to].name))
				}
			}
		}
	}
	return bad
}

// fenceRule: what floors alone would let through.
func fenceRule(t *tree) (bad []string) {
	for dir, files := range t.packages() {
		for _, f := range files {
			for _, p := range f.imports() {
				target := strings.TrimPrefix(p, module+"/")
				for _, fence := range fences {
					if fence.holds(dir) && fence.forbids(target) {
						bad = append(bad, fmt.Sprintf("%s imports %s: %s", f.path, target, fence.why))
					}
				}
			}
		}
	}
	return bad
}

// onceRule: a package stands on one floor, so that the table has one answer.
func onceRule(*tree) (bad []string) {
	seen := map[string]string{}
	for _, f := range floors {
		for _, p := range f.packages {
			if other, twice := seen[p]; twice {
				bad = append(bad, fmt.Sprintf("%s stands on floors %s and %s", p, other, f.name))
			}
			seen[p] = f.name
		}
	}
	return bad
}

func TestFloors(t *testing.T) {
	if got := onceRule(nil); len(got) > 0 {
		t.Error(got)
	}
	run(t, []rule{
		{name: "floors", check: floorRule,
			good: imports("core/payment/a.go", module+"/core/ledger"),
			bad: []sample{
				{"core/novelty is on no floor", imports("core/novelty/a.go", "fmt")},
				{"floor 3 imports core/payment", imports("core/ledger/a.go", module+"/core/payment")},
				{"imports core/job on floor 3", imports("core/event/a.go", module+"/core/job")},
				{"imports api/gateway on floor 9", imports("web/checkout/a.go", module+"/api/gateway")},
			}},
		{name: "fences", check: fenceRule,
			good: merge(imports("core/webhook/a.go", "net/http"), imports("api/gateway/a.go", "net/http", module+"/connector"), imports("store/a.go", "database/sql"), imports("connector/fake/a.go", module+"/core/method", "html/template"),
				imports("core/payment/a.go", module+"/connector"), imports("core/payment/a_test.go", module+"/store/storetest", "testing")),
			bad: []sample{
				{"no more", imports("connector/fake/a.go", module+"/core/ledger")},
				{"no more", imports("connector/fake/a.go", module+"/store")},
				{"knows a provider", imports("core/payment/a.go", module+"/connector/fake")},
				{"knows a provider", imports("api/gateway/a.go", module+"/connector/all")},
				{"surfaces never import", imports("api/gateway/a.go", module+"/web/page")},
				{"surfaces never import", imports("web/portal/a.go", module+"/api/spense")},
				{"net/http belongs", imports("core/payment/a.go", "net/http")},
				{"are the store's alone", imports("core/payment/a.go", "database/sql")},
				{"are the store's alone", imports("app/a.go", "github.com/jackc/pgx/v5/pgxpool")},
				{"templates belong", imports("api/gateway/a.go", "html/template")},
				{"test libraries", imports("app/a.go", "testing")},
				{"a test kit is imported", imports("app/a.go", module+"/store/storetest")},
			}},
	})
}

// imports makes a tree of one file that imports paths.
func imports(name string, paths ...string) map[string]string {
	text := "package a\n"
	for _, p := range paths {
		text += fmt.Sprintf("import _ %q\n", p)
	}
	return map[string]string{name: text}
}

func merge(trees ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, t := range trees {
		for name, text := range t {
			all[name] = text
		}
	}
	return all
}
